import type * as z from "zod";
import { StartError } from "@/lib/util/start-error";
import { plainIssue } from "./plain-issue";

/** A number that a flag was given. @throws StartError for any other word. */
export function toFlagNumber(word: string): number {
  const value = Number(word);
  if (word.trim() !== "" && Number.isFinite(value)) return value;
  throw new StartError({ message: `"${word}" is no number.`, remedy: "Write one such as 0.25." });
}

/** What the flags came to, held to its schema. @throws StartError with the first thing wrong. */
export function parseFlags<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new StartError({
    message: plainIssue(parsed.error.issues[0]),
    remedy: "Correct it; --help shows the flags.",
  });
}
