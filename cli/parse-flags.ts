import type * as z from "zod";
import { CLI_EXIT_CODES, CliError } from "./cli-error";
import { plainIssue } from "./plain-issue";

/** A number that a flag was given. @throws CliError for any other word. */
export function toFlagNumber(word: string): number {
  const value = Number(word);
  if (word.trim() !== "" && Number.isFinite(value)) return value;
  throw new CliError({
    message: `"${word}" is no number.`,
    remedy: "Write one such as 0.25.",
    exitCode: CLI_EXIT_CODES.badUse,
  });
}

/** What the flags came to, held to its schema. @throws CliError with the first thing wrong. */
export function parseFlags<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CliError({
    message: plainIssue(parsed.error.issues[0]),
    remedy: "Correct it; --help shows the flags.",
    exitCode: CLI_EXIT_CODES.badUse,
  });
}
