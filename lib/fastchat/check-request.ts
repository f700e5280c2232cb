import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { expectHonoured, type RequestField } from "@/lib/protocol/request-fields";

/**
 * What FastChat's protocol has a word for. Some of its workers ignore some of it
 * (docs/how-to/join-fastchat-workers.md): they do not tell which they are.
 */
const HONOURED: ReadonlySet<RequestField> = new Set<RequestField>([
  ...(["sampling.temperature", "sampling.topP", "sampling.topK"] as const),
  ...(["sampling.presencePenalty", "sampling.frequencyPenalty"] as const),
  ...(["sampling.repetitionPenalty", "stop", "stopTokenIds", "maxTokens"] as const),
  "prompt",
  // Refused where it is read, in words of its own.
  "prompt.ids",
]);

/** @throws AppError `unsupported-parameter`, naming the field. */
export function checkRequest(request: GenerateRequest): void {
  expectHonoured(request, HONOURED, "the worker of this model, which speaks FastChat's protocol");
}
