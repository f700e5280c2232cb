import * as z from "zod";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textSchema } from "@/lib/protocol/well-formed-text";
import { adopt, refuse } from "@/lib/util/refuse";
import { type ChatRequest, chatRequestSchema, toGenerateRequest } from "./request";

/**
 * FastChat's `POST /api/v1/chat/completions`: a chat request whose `messages` may be one text, which the
 * model goes on with as it is. All other fields are those of /v1/chat/completions.
 */

export type FastchatRequest = ChatRequest & { rawPrompt: string | undefined };

/** These are told to a model by its chat template, which a bare text goes without. */
const TEMPLATE_FIELDS = ["tools", "reasoning_effort"] as const;

export const fastchatRequestSchema = z.unknown().transform((body, context): FastchatRequest => {
  const given = isObject(body) ? body.messages : undefined;
  const rawPrompt = typeof given === "string" ? given : undefined;
  if (rawPrompt !== undefined) {
    const checked = textSchema.min(1).safeParse(rawPrompt, { reportInput: true });
    if (!checked.success) {
      adopt(context, ["messages"], checked.error.issues);
      return z.NEVER;
    }
  }
  const filled =
    isObject(body) && rawPrompt !== undefined
      ? { ...body, messages: [{ role: "user", content: rawPrompt }] }
      : body;
  const parsed = chatRequestSchema.safeParse(filled, { reportInput: true });
  if (!parsed.success) {
    // The issues say where by themselves; there is nothing around this schema.
    for (const issue of parsed.error.issues) context.issues.push(issue as z.core.$ZodRawIssue);
    return z.NEVER;
  }
  const odd = TEMPLATE_FIELDS.find((name) => hasValue(parsed.data[name]));
  if (rawPrompt !== undefined && odd !== undefined) {
    const message = "needs a list of messages; a text is gone on with as it is.";
    refuse(context, { path: [odd], message });
    return z.NEVER;
  }
  return { ...parsed.data, rawPrompt };
});

export function toFastchatGenerateRequest(
  body: FastchatRequest,
  given: Parameters<typeof toGenerateRequest>[1],
): GenerateRequest {
  const request = toGenerateRequest(body, given);
  if (body.rawPrompt === undefined) return request;
  return { ...request, messages: [], prompt: body.rawPrompt };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasValue(value: unknown): boolean {
  return value != null && !(Array.isArray(value) && value.length === 0);
}
