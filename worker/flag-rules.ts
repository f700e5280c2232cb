import { StartError } from "@/lib/util/start-error";
import type { FlagValues } from "./backend-definition";

/** How words on a command line are read, in the same words for every flag. */

export function wrongFlag(flag: string, rule: string, value: string): StartError {
  return new StartError({ message: `--${flag} ${rule}; got "${value}".`, remedy: "See --help." });
}

/** @throws StartError */
export function toInteger(
  flag: string,
  value: string,
  [low, high]: readonly [number, number],
): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= low && number <= high) return number;
  throw wrongFlag(flag, `is a whole number from ${low} to ${high}`, value);
}

/** Without its last slash. @throws StartError */
export function toUrl(flag: string, value: string): string {
  if (/^https?:\/\//.test(value) && URL.canParse(value)) return value.replace(/\/+$/, "");
  throw wrongFlag(flag, "is a URL that begins with http:// or https://", value);
}

/** @throws StartError */
export function toChoice<Word extends string>(
  flag: string,
  value: string,
  words: readonly Word[],
): Word {
  const word = words.find((it) => it === value);
  if (word === undefined) throw wrongFlag(flag, `is one of ${words.join(", ")}`, value);
  return word;
}

/** Of a flag that takes one value. */
export function textOf(values: FlagValues, flag: string): string | undefined {
  const value = values[flag];
  return typeof value === "string" ? value : undefined;
}

/** Of a flag that may be given several times. */
export function textsOf(values: FlagValues, flag: string): string[] {
  const value = values[flag];
  return Array.isArray(value) ? value.filter((it) => typeof it === "string") : [];
}

export function isSet(values: FlagValues, flag: string): boolean {
  return values[flag] === true;
}
