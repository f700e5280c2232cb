import type * as z from "zod";

/**
 * What becomes of each field of a request in somebody else's protocol. Nothing that would change the
 * answer is ignored: a client that asks for tools and gets prose would rather have an error.
 */
export type FieldRule =
  /** Read by the schema beside the table. */
  | { rule: "read" }
  /** Changes nothing about the answer, so it is taken and left; only its form is checked. */
  | { rule: "accepted"; schema: z.ZodType }
  /** Not offered; the values that ask for nothing are taken. */
  | { rule: "neutral"; schema: z.ZodType; remedy: string };

export const read: FieldRule = { rule: "read" };

export function accepted(schema: z.ZodType): FieldRule {
  return { rule: "accepted", schema };
}

/** @param remedy a sentence for who asks for more. */
export function neutral(schema: z.ZodType, remedy: string): FieldRule {
  return { rule: "neutral", schema, remedy };
}
