import type { ArenaSettings } from "@/lib/protocol/arena-settings";
import { rules } from "./rules";

/** Models that battles draw, and that are shown and served by name nowhere (`isAnonymousOnly`). */
export type HiddenModels = {
  /** @throws AppError `unavailable` while no rules could be read yet: rather nothing than a name told. */
  get(): Promise<ReadonlySet<string>>;
  /** The same where nothing has to be read for it. */
  peek(): ReadonlySet<string> | undefined;
  /** As they were known last, at once. */
  readonly last: ReadonlySet<string>;
  /** Reads them anew; whoever has read a name from the database, with the rule that hides it, goes on after it. */
  refresh?(): Promise<void>;
};

const NONE: ReadonlySet<string> = new Set();

export const NONE_HIDDEN: HiddenModels = {
  get: async () => NONE,
  peek: () => NONE,
  last: NONE,
};

/** One set for each copy of the rules: every request asks for it. */
const setOf = new WeakMap<ArenaSettings, ReadonlySet<string>>();

/** The copy has said that it goes on with what it read last; the next request has it read again. */
const goOn = () => undefined;

export function toHiddenModels(settings: ArenaSettings): ReadonlySet<string> {
  const known = setOf.get(settings);
  if (known !== undefined) return known;
  const { models } = settings.sampling;
  const hidden = new Set(models.filter((it) => it.isAnonymousOnly).map((it) => it.model));
  setOf.set(settings, hidden);
  return hidden;
}

/** As this process knows the rules. */
export const hiddenModels: HiddenModels = {
  async get() {
    const { last } = rules();
    const settings = rules().peek() ?? last ?? (await rules().get());
    // Every request that names a model asks, and none but the first waits for a database that hangs.
    if (rules().peek() === undefined) void rules().get().catch(goOn);
    return toHiddenModels(settings);
  },
  peek() {
    const settings = rules().peek();
    return settings && toHiddenModels(settings);
  },
  get last() {
    const settings = rules().last;
    return settings === undefined ? NONE : toHiddenModels(settings);
  },
  async refresh() {
    await rules().refresh();
  },
};
