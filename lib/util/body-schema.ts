import * as z from "zod";
import type { FieldRule } from "./field-rule";
import { adopt, refuse, reject } from "./refuse";

type FieldRules = Readonly<Record<string, FieldRule>>;

const tables = new WeakMap<z.core.$ZodType, FieldRules>();

/** The rows that a schema of `bodySchemaOf` checks by, for who describes the request. */
export function findFieldRules(schema: z.core.$ZodType): FieldRules | undefined {
  return tables.get(schema);
}

/**
 * An object whose fields all have a row in `rules`, checked by it; what is to be read is left to the
 * schema that it is piped into.
 *
 * @example bodySchemaOf({ model: read, audio: neutral(z.never(), "Remove it.") }).pipe(readSchema)
 */
export function bodySchemaOf(rules: FieldRules) {
  const schema = z.unknown().superRefine((body, context) => {
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      reject(context, [], "The body must be a JSON object.");
      return;
    }
    for (const [name, value] of Object.entries(body)) {
      // Own fields only: "constructor" and "__proto__" are names a client may send.
      const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
      checkField(name, { value, rule }, context);
    }
  });
  tables.set(schema, rules);
  return schema;
}

function checkField(
  name: string,
  { value, rule }: { value: unknown; rule: FieldRule | undefined },
  context: z.core.$RefinementCtx,
): void {
  if (rule === undefined) {
    context.issues.push({ code: "unrecognized_keys", keys: [name], input: undefined, path: [] });
    return;
  }
  if (rule.rule === "read" || value === null || value === undefined) return;
  const parsed = rule.schema.safeParse(value, { reportInput: true });
  if (parsed.success) return;
  if (rule.rule === "neutral") {
    refuse(context, { path: [name], message: `is not supported by this server. ${rule.remedy}` });
    return;
  }
  adopt(context, [name], parsed.error.issues);
}
