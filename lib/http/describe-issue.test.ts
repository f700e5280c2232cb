/** Goal: what a schema found wrong is said in one plain sentence that fits the value, and names the field. */
import { expect, test } from "vitest";
import * as z from "zod";
import { toBodyError } from "./describe-issue";

function messageOf(schema: z.ZodType, value: unknown): string {
  const parsed = schema.safeParse(value, { reportInput: true });
  expect(parsed.success).toBe(false);
  return parsed.success ? "" : toBodyError(parsed.error).message;
}

const text = z.string().min(1);
const ids = z.array(z.number());
const input = z.union([text, ids.min(1), z.array(text).min(1), z.array(ids).min(1)]);

test.each<[what: string, schema: z.ZodType, value: unknown, message: string]>([
  ["an empty list", input, [], "`a` must have at least 1 element."],
  ["nothing", input, undefined, "`a` is missing; it must be a string or an array."],
  ["another type", input, {}, "`a` must be a string or an array, but is an object."],
  ["a wrong element", input, ["x", ""], "`a.1` must have at least 1 character."],
  [
    "a rule with words of its own",
    z.string().regex(/^x/, "must begin with x, as in x-1."),
    "y",
    "`a` must begin with x, as in x-1.",
  ],
  [
    "a rule whose words have no stop",
    z.string().regex(/^x/, "must begin with x"),
    "y",
    "`a` must begin with x.",
  ],
  [
    "a rule of code",
    z.string().refine((it) => it === "x", "is no x; leave it out"),
    "y",
    "`a` is no x; leave it out.",
  ],
  [
    "a rule without",
    z.string().regex(/^x/),
    "y",
    "`a` is not valid: Invalid string: must match pattern /^x/.",
  ],
  ["one of some words", z.enum(["asc", "desc"]), "x", '`a` must be "asc" or "desc".'],
  ["a bound", z.string().transform(Number).pipe(z.number().min(1)), "0", "`a` must be at least 1."],
])("%s", (_, schema, value, message) => {
  expect(messageOf(z.strictObject({ a: schema }), { a: value })).toBe(message);
});
