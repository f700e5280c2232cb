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
