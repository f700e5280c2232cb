import type * as z from "zod";

/** What a schema found wrong with what was typed, in a sentence: where, and what it must be instead. */
export function plainIssue(issue: z.core.$ZodIssue | undefined): string {
  const place = issue?.path.join(".") || "The flags";
  return `${place}: ${issue ? toWords(issue).replace(/\.$/, "") : "cannot be read"}.`;
}

function toWords(issue: z.core.$ZodIssue): string {
  const { message } = issue;
  // A schema's own words come first; these are what the library says where it has none.
  if (!/^Too (small|big): /.test(message)) return message;
  switch (issue.code) {
    case "too_small":
      return least(issue.origin, Number(issue.minimum), issue.inclusive !== false);
    case "too_big":
      return most(issue.origin, Number(issue.maximum), issue.inclusive !== false);
    default:
      return message;
  }
}

function least(origin: string, minimum: number, isIncluded: boolean): string {
  if (origin === "string") {
    return minimum === 1 ? "must not be empty" : `must have at least ${minimum} characters`;
  }
  if (origin === "array") return `must name at least ${minimum}`;
  return isIncluded ? `must be at least ${minimum}` : `must be above ${minimum}`;
}

function most(origin: string, maximum: number, isIncluded: boolean): string {
  if (origin === "string") return `must have at most ${maximum} characters`;
  if (origin === "array") return `must name at most ${maximum}`;
  return isIncluded ? `must be at most ${maximum}` : `must be below ${maximum}`;
}
