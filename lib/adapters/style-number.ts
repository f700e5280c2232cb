import { AppError } from "@/lib/errors";
import { SEPARATOR_STYLES, type SeparatorStyle } from "./separator-style";
import { findTemplate } from "./templates";

/**
 * A worker tells its style as a number, and the numbers moved: `LLAMA3` came in as the eighth in spring
 * 2024, after the last release that pip installs (0.2.36), and shifted all that follow. FastChat's own API
 * server takes the number as it comes and so must be as old as its workers. Here a name that FastChat
 * registers decides, and for templates of one's own the record's age.
 */

/** In their order of 0.2.36, which has none of the four. */
const LATER: ReadonlySet<SeparatorStyle> = new Set<SeparatorStyle>([
  ...(["llama3", "gemma", "cllm", "default"] as const),
]);
const EARLIER_STYLES = SEPARATOR_STYLES.filter((style) => !LATER.has(style));

export type StyleNumber = {
  /** The template's. */
  name: string;
  number: number;
  /** Whether the record has fields that came with or after `LLAMA3`. */
  isLater: boolean;
};

/** @throws AppError `upstream-invalid` for a number that FastChat never had. */
export function toSeparatorStyle({ name, number, isLater }: StyleNumber): SeparatorStyle {
  const [later, earlier] = [SEPARATOR_STYLES[number - 1], EARLIER_STYLES[number - 1]];
  const known = findTemplate(name)?.style;
  // A template that was registered anew under a known name says neither.
  if (known !== undefined && (known === later || known === earlier)) return known;
  const told = isLater ? later : earlier;
  if (told !== undefined) return told;
  throw new AppError("upstream-invalid", {
    message: `The conversation template \`${name}\` has the style ${number}, which is not known here.`,
  });
}
