import type * as z from "zod";

/**
 * Of an object that a newer version may have written the fields that this one can read. For schemas whose
 * fields may all be missing.
 */
export function readable<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  value: unknown,
): z.output<z.ZodObject<Shape, z.core.$strip>> {
  const known = schema.strip();
  const whole = known.safeParse(value);
  if (whole.success) return whole.data;
  const wrong = new Set(whole.error.issues.map(({ path }) => path[0]));
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return known.parse(Object.fromEntries(entries.filter(([name]) => !wrong.has(name))));
}
