import type * as z from "zod";
import type { ErrorCode } from "@/lib/errors";

/**
 * Says that a request is sound but asks for what is not offered, in a schema: `error-code` tells the
 * reader of the issue that it is more than a slip (http/describe-issue.ts).
 */
export function refuse(
  context: z.core.$RefinementCtx,
  refusal: { path: PropertyKey[]; message: string; code?: ErrorCode },
): void {
  const { path, message, code = "unsupported-parameter" } = refusal;
  context.issues.push({ code: "custom", input: undefined, path, message, params: { code } });
}

/**
 * Hands on what a schema inside this one found, under the place it was found at. That schema gave no
 * value, while after unknown keys alone zod goes on to the next step, so that more is said then.
 */
export function adopt(
  context: z.core.$RefinementCtx,
  path: PropertyKey[],
  issues: readonly z.core.$ZodIssue[],
): void {
  for (const issue of issues) {
    // A finished issue is a raw one with its message already written.
    context.issues.push({ ...issue, path: [...path, ...issue.path] } as z.core.$ZodRawIssue);
  }
  const isLost = issues.every(({ code }) => code === "unrecognized_keys");
  if (isLost) reject(context, path, "has no value that could be read.");
}

/** Says that a field is wrong. */
export function reject(context: z.core.$RefinementCtx, path: PropertyKey[], message: string): void {
  refuse(context, { path, message, code: "invalid-request" });
}
