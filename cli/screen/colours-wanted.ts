/** What says whether colours are wanted, beside the terminal itself. */
export type ColourWishes = {
  /** https://no-color.org: set and not empty, no colours. */
  NO_COLOR?: string | undefined;
  /** Node's and others' word for the opposite; `0` and `false` mean none. */
  FORCE_COLOR?: string | undefined;
  TERM?: string | undefined;
};

/** A wish against colours comes first, then one for them; else terminals get them and files do not. */
export function areColoursWanted(wishes: ColourWishes, isTerminal: boolean): boolean {
  if (wishes.NO_COLOR) return false;
  const { FORCE_COLOR: forced } = wishes;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return isTerminal && wishes.TERM !== "dumb";
}
