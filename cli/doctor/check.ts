import { plainLine } from "../text-table";

/** One thing that was looked at. */
export type Check = {
  /** A word or two, for people and for programs. */
  name: string;
  /** `warning`: it works, and not for long or not well. `skipped`: nothing to look at. */
  state: "ok" | "warning" | "broken" | "skipped";
  /** What was found, a sentence or less. */
  found: string;
  /** What to do about it; absent where there is nothing to do. */
  remedy?: string;
};

export const ok = (name: string, found: string): Check => ({ name, state: "ok", found });
export const skipped = (name: string, found: string): Check => ({ name, state: "skipped", found });
export const warning = (name: string, found: string, remedy: string): Check => ({
  ...{ name, state: "warning", found, remedy },
});
export const broken = (name: string, found: string, remedy: string): Check => ({
  ...{ name, state: "broken", found, remedy },
});

/** A check that fails in a way that nobody foresaw is told, and keeps no other from running. */
export async function attempt(name: string, look: () => Promise<Check[]> | Check[]) {
  try {
    return await look();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const found = `It cannot be looked at: ${plainLine(why.split("\n")[0] ?? "")}`;
    return [broken(name, found, "Mend what it names, and look again.")];
  }
}
