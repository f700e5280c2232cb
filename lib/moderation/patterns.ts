import { RE2JS } from "re2js";
import { AppError } from "@/lib/errors";
import type { ModerationRules } from "@/lib/protocol/arena-settings";

/**
 * An operator's regular expressions on visitors' texts. They run as RE2, in time linear in the text: with
 * the engine of the language one careless pattern and one clever prompt hold the process up for hours.
 */

type Pattern = ModerationRules["patterns"][number];

const compiled = new WeakMap<readonly Pattern[], readonly { name: string; re: RE2JS }[]>();

/** Names of the patterns that find something in the text, in their order. */
export function findStrikes(patterns: readonly Pattern[], text: string): string[] {
  let ready = compiled.get(patterns);
  if (ready === undefined) {
    ready = patterns.map(({ name, pattern }) => ({ name, re: compile(pattern) }));
    compiled.set(patterns, ready);
  }
  return ready.filter(({ re }) => re.matcher(text).find()).map(({ name }) => name);
}

/**
 * For what is not sent yet, such as a question that is being typed.
 *
 * @throws AppError `forbidden` where a pattern finds something
 */
export function assertUnstruck({ patterns }: ModerationRules, text: string): void {
  if (findStrikes(patterns, text).length > 0) throw heldBack();
}

/** What a visitor is told: not which rule it was, which would only help to get around it. */
export function heldBack(): AppError {
  return new AppError("forbidden", {
    message:
      "This question was held back by the rules of this site and was sent to no model. Ask it in another way, or something else.",
    param: "prompt",
  });
}

/** @throws AppError `invalid-request` that names the first pattern that is none. */
export function checkPatterns(patterns: readonly Pattern[]): void {
  for (const [index, { name, pattern }] of patterns.entries()) {
    try {
      compile(pattern);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AppError("invalid-request", {
        message: `The pattern "${name}" is no regular expression of RE2 (which knows no look-around and no back-references): ${reason}.`,
        param: `moderation.patterns.${index}.pattern`,
        cause,
      });
    }
  }
}

function compile(pattern: string): RE2JS {
  return RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE | RE2JS.MULTILINE);
}
