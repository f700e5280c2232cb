import * as z from "zod";
import type { FieldRule } from "@/lib/util/field-rule";
import { adopt, refuse, reject } from "@/lib/util/refuse";

/** An object whose fields all have a row in `rules`, checked by it; what is to be read is left to others. */
export function bodySchemaOf(rules: Record<string, FieldRule>) {
  return z.unknown().superRefine((body, context) => {
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
