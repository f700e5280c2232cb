import { homedir } from "node:os";
import type { ColourWishes } from "../screen/colours-wanted";

/**
 * What the person's own environment says, beside the settings of the clone (lib/env.ts): these are variables
 * of everybody's programs, and none of ours.
 */
// biome-ignore lint/style/noProcessEnv: variables of the person's own terminal, which are no settings.
const environment = process.env;

export function colourWishes(): ColourWishes {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  return { NO_COLOR, FORCE_COLOR, TERM };
}

export const isDumbTerminal = () => environment.TERM === "dumb";

export const homeFolder = () => homedir();

export const stateHome = () => environment.XDG_STATE_HOME;

/** A variable that the person named, such as one that holds a key. */
export const personalVariable = (name: string) => environment[name];
