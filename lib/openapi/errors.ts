import { toAnthropicError } from "@/lib/anthropic/error";
import { ERROR_CODES, type ErrorCode } from "@/lib/errors";
import { toOpenAiError } from "@/lib/openai/error";

/** When each error is sent under the paths that programs call, and what whoever meets it does. */
export const ERROR_NOTES: Record<ErrorCode, { when: string; remedy: string }> = {
  "invalid-request": {
    when: "The body is no JSON, or a field has a form or value that it cannot have.",
    remedy: "`param` names the field and `message` says what to send instead.",
  },
  "unsupported-parameter": {
    when: "The field is sound, but neither this server nor the model offers what it asks for.",
    remedy: "Leave out the field that `param` names, or ask another model.",
  },
  "context-length-exceeded": {
    when: "Prompt and answer together do not fit into the model's context.",
    remedy: "Send a shorter prompt or ask for fewer tokens.",
  },
  unauthenticated: {
    when: "No key was sent, or one that does not exist, has expired or was revoked.",
    remedy: "Send a key of this server as `Authorization: Bearer <key>`.",
  },
  forbidden: {
    when: "The key does not allow this endpoint or this model, or the model is not served through the API.",
    remedy: "Ask the operator for a key with that scope or model, or take another model.",
  },
  "not-found": {
    when: "There is no such path or object, or it belongs to another key.",
    remedy: "Check the path and the id.",
  },
  "model-not-found": {
    when: "No model and no alias has that name.",
    remedy: "Take a name from `GET /v1/models`.",
  },
  "method-not-allowed": {
    when: "The path does not answer this method.",
    remedy: "Use one that the header `Allow` names.",
  },
  conflict: {
    when: "The object is no longer in the state that the request needs.",
    remedy: "Read it again, then decide.",
  },
  "body-too-large": {
    when: "The body exceeds the limit of the endpoint.",
    remedy: "Send less in one request.",
  },
  "unsupported-media-type": {
    when: "The body is not sent as UTF-8 JSON.",
    remedy: "Send `Content-Type: application/json`.",
  },
  overloaded: {
    when: "All workers of the model are busy and its queue is full, or the wait was too long.",
    remedy: "Wait for `Retry-After` seconds and try again.",
  },
  "rate-limited": {
    when: "A limit of the key or of the model for a minute, or for requests at once, is reached.",
    remedy: "Wait for `Retry-After` seconds and try again.",
  },
  "quota-exceeded": {
    when: "A budget of the key for the day or month is used up.",
    remedy: "Wait until the budget begins anew, or ask the operator for more.",
  },
  "client-closed": {
    when: "The client left before its answer was whole. Seen in the log alone.",
    remedy: "Nothing to do.",
  },
  internal: {
    when: "A fault of ours.",
    remedy: "Report it with the `x-request-id` of the answer.",
  },
  "not-supported": {
    when: "The server as it is set up does not offer this.",
    remedy: "Leave it out, or ask the operator.",
  },
  "upstream-invalid": {
    when: "A worker answered with what could not be used.",
    remedy: "Try again.",
  },
  "worker-lost": {
    when: "The worker was lost after the answer had begun, or several before it.",
    remedy: "Try again; another worker takes it.",
  },
  "no-worker": {
    when: "No worker serves the model at the moment.",
    remedy: "Wait for `Retry-After` seconds and try again.",
  },
  unavailable: {
    when: "The server's database is away for the moment.",
    remedy: "Wait for `Retry-After` seconds and try again.",
  },
  timeout: {
    when: "The answer was not whole in the time that it had, or that `x-parley-timeout-ms` set.",
    remedy: "Ask for fewer tokens, allow more time, or stream.",
  },
  "loop-detected": {
    when: "The model's worker stands before this very platform, which would ask itself for ever.",
    remedy: "Ask another model; the operator gives the worker another server.",
  },
};

export type ErrorRow = {
  status: number;
  code: ErrorCode;
  /** As it stands in OpenAI's and in Anthropic's error object. */
  openai: { type: string; code: string | null };
  anthropic: { type: string };
  when: string;
  remedy: string;
};

/** All errors, by status. */
export function errorRows(): ErrorRow[] {
  // The keys of the table are the names of its type.
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];
  return codes
    .map((code) => {
      const error = { code, message: "", param: undefined };
      const { type, code: wireCode } = toOpenAiError(error).error;
      return {
        ...{ status: ERROR_CODES[code].status, code, ...ERROR_NOTES[code] },
        openai: { type, code: wireCode },
        anthropic: { type: toAnthropicError(error, "").error.type },
      };
    })
    .toSorted((one, other) => one.status - other.status);
}
