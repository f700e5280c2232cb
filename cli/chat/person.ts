import { homedir } from "node:os";
import { readVariable } from "@/lib/env";
import type { ColourWishes } from "../screen/colours-wanted";

/** What the person's own environment says: variables of everybody's programs, which are no settings of ours. */

export function colourWishes(): ColourWishes {
  return {
    NO_COLOR: readVariable("NO_COLOR"),
    FORCE_COLOR: readVariable("FORCE_COLOR"),
    TERM: readVariable("TERM"),
  };
}

export const isDumbTerminal = () => readVariable("TERM") === "dumb";

export const homeFolder = () => homedir();

export const stateHome = () => readVariable("XDG_STATE_HOME");

/** A variable that the person named, such as one that holds a key. */
export const personalVariable = (name: string) => readVariable(name);
