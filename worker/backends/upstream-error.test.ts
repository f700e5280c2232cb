import { describe, expect, test } from "vitest";
import { AppError, type ErrorCode } from "@/lib/errors";
import {
  fromToldError,
  readRetryAfter,
  toParam,
  toTransportError,
  toUpstreamError,
} from "./upstream-error";

const ABOUT = { model: "Lantern", upstreamModel: "org/lantern-7b", hidden: ["sk-key", "host:80"] };
const openAi = (message: string, more: object = {}) => ({ error: { message, type: "t", ...more } });

/** Bodies as the servers send them that are named beside. */
test.each<
  [who: string, status: number, body: unknown, code: ErrorCode, message: RegExp, param?: string]
>([
  [
    "OpenAI",
    400,
    openAi("Bad top_p.", { param: "top_p" }),
    "invalid-request",
    /^Bad top_p\.$/,
    "sampling.topP",
  ],
  [
    "OpenAI",
    404,
    openAi("No.", { code: "model_not_found" }),
    "model-not-found",
    /"Lantern"/,
    "model",
  ],
  [
    "OpenAI",
    400,
    openAi("Long.", { code: "context_length_exceeded" }),
    "context-length-exceeded",
    /Long/,
    "messages",
  ],
  [
    "OpenAI",
    429,
    openAi("Pay.", { code: "insufficient_quota" }),
    "unavailable",
    /no more requests/,
  ],
  ["OpenAI", 401, openAi("Incorrect key sk-key."), "unavailable", /does not let/],
  ["OpenAI", 413, "", "body-too-large", /too large/],
  [
    "Parley",
    400,
    openAi("No seeds.", { code: "unsupported_parameter", param: "seed" }),
    "unsupported-parameter",
    /No seeds/,
    "sampling.seed",
  ],
  [
    "vLLM",
    400,
    { object: "error", message: "maximum context length is 9 tokens", code: 400 },
    "context-length-exceeded",
    /9 tokens/,
    "messages",
  ],
  [
    "vLLM",
    404,
    openAi("The model `org/lantern-7b` does not exist."),
    "model-not-found",
    /Lantern/,
    "model",
  ],
  [
    "SGLang",
    400,
    { object: "error", message: "The input is longer than the model's context length" },
    "context-length-exceeded",
    /longer/,
    "messages",
  ],
  [
    "llama.cpp",
    400,
    openAi("exceeds", { code: 400, type: "exceed_context_size_error" }),
    "context-length-exceeded",
    /exceeds/,
    "messages",
  ],
  [
    "TGI",
    422,
    {
      error: "Input validation error: `inputs` must have less than 9 tokens",
      error_type: "validation",
    },
    "context-length-exceeded",
    /inputs/,
    "messages",
  ],
  [
    "Ollama",
    404,
    { error: "model 'org/lantern-7b' not found" },
    "model-not-found",
    /Lantern/,
    "model",
  ],
  [
    "FastAPI",
    422,
    { detail: [{ loc: ["body", "top_k"], msg: "must be an integer" }] },
    "invalid-request",
    /top_k: must be/,
    "sampling.topK",
  ],
  ["FastAPI", 404, { detail: "Not Found" }, "upstream-invalid", /status 404/],
  ["a proxy", 502, "<html>Bad gateway</html>", "upstream-invalid", /status 502/],
  ["a proxy", 504, "<html></html>", "timeout", /too long/],
  ["anybody", 500, openAi("CUDA out of memory"), "upstream-invalid", /status 500/],
  ["anybody", 503, openAi("busy"), "upstream-invalid", /busy/],
  ["Anthropic", 529, openAi("Overloaded"), "overloaded", /busy/],
  ["anybody", 307, "", "upstream-invalid", /status 307/],
])("%s, %i: %o", (_, status, body, code, message, param) => {
  for (const form of [body, typeof body === "string" ? body : JSON.stringify(body)]) {
    const error = toUpstreamError({ status, body: form }, ABOUT);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.param).toBe(param);
    expect(error.cause).toMatchObject({ status });
  }
});

const LONG = "context-length-exceeded";

/** Sentences as these say them to a prompt that is too long, or to a model that is none. */
test.each<[who: string, status: number, message: string, code: ErrorCode]>([
  [
    "vLLM",
    400,
    "The decoder prompt (length 9) is longer than the maximum model length of 8.",
    LONG,
  ],
  ["SGLang", 400, "Input length (9 tokens) exceeds the maximum allowed length (8 tokens).", LONG],
  ["Anthropic", 400, "input length and `max_tokens` exceed context limit: 9 + 2 > 10", LONG],
  ["Bedrock", 400, "Input is too long for requested model.", LONG],
  [
    "Google",
    400,
    "The input token count (9) exceeds the maximum number of tokens allowed (8).",
    LONG,
  ],
  ["Cohere", 400, "too many tokens: total number of tokens in the prompt cannot exceed 8", LONG],
  ["xAI", 400, "This model's maximum prompt length is 8 but the request contains 9 tokens.", LONG],
  ["Moonshot", 400, "Invalid request: Your request exceeded model token limit: 8", LONG],
  [
    "Alibaba",
    400,
    "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 8]",
    LONG,
  ],
  ["Zhipu", 400, "Prompt exceeds max length", LONG],
  ["Amazon", 429, "Too many tokens, please wait before trying again.", "rate-limited"],
  ["DeepSeek", 400, "Model Not Exist", "model-not-found"],
  ["Mistral", 400, "Invalid model: org/lantern-7b", "model-not-found"],
  ["OpenRouter", 400, "org/lantern-7b is not a valid model ID", "model-not-found"],
  ["Bedrock", 400, "The provided model identifier is invalid.", "model-not-found"],
  ["Bedrock", 404, "This model version has reached the end of its life.", "model-not-found"],
  ["OpenAI", 400, "This model does not support image inputs.", "invalid-request"],
  [
    "OpenRouter",
    403,
    "Your chosen model requires moderation and your input was flagged",
    "invalid-request",
  ],
  ["OpenRouter", 403, "Key limit exceeded", "unavailable"],
])("%s, %i: %s", (_, status, message, code) => {
  expect(toUpstreamError({ status, body: openAi(message) }, ABOUT).code).toBe(code);
});

test("Azure's word for a deployment that is none, and Mistral's for a field", () => {
  const gone = openAi("The API deployment does not exist.", { code: "DeploymentNotFound" });
  expect(toUpstreamError({ status: 404, body: gone }, ABOUT).code).toBe("model-not-found");
  const detail = [{ type: "missing", loc: ["body", "top_p"], msg: "Field required", input: {} }];
  const body = { object: "error", message: { detail }, type: "invalid_request_error", code: null };
  expect(toUpstreamError({ status: 422, body }, ABOUT)).toMatchObject({
    ...{ code: "invalid-request", param: "sampling.topP" },
    message: "top_p: Field required",
  });
});

test("an address that leads elsewhere is told to the operator", () => {
  const { cause } = toUpstreamError({ status: 301, body: "" }, ABOUT);
  expect(String(cause)).toContain("name the one that it leads to");
});

test("neither keys nor addresses nor the upstream's own name are told", () => {
  const said = "org/lantern-7b at http://10.0.0.7:8000/v1 (host:80) with sk-key says no";
  const error = toUpstreamError({ status: 400, body: openAi(said) }, ABOUT);
  for (const text of [error.message, String(error.cause)]) {
    expect(text).toMatch(/Lantern at/);
    for (const word of ["sk-key", "host:80", "10.0.0.7", "org/"]) expect(text).not.toContain(word);
  }
  const refused = toUpstreamError({ status: 401, body: openAi("Bad key sk-ab***yz") }, ABOUT);
  expect(`${refused.message} ${refused.cause}`).not.toMatch(/sk-/);
});

describe("waits", () => {
  const now = Date.parse("Sun, 06 Nov 1994 08:49:37 GMT");
  test.each([
    ["7", 7],
    ["0.2", 1],
    ["999999", 3_600],
    ["Sun, 06 Nov 1994 08:50:07 GMT", 30],
    ["Sun, 06 Nov 1994 08:00:00 GMT", 1],
    ["soon", undefined],
    ["", undefined],
    [null, undefined],
  ])("%s is %s", (value, seconds) => {
    expect(readRetryAfter(value, now)).toBe(seconds);
  });

  test("are passed on with 429 and 503", () => {
    for (const [status, code] of [
      [429, "rate-limited"],
      [503, "overloaded"],
    ] as const) {
      const error = toUpstreamError({ status, retryAfter: "7", body: "" }, ABOUT);
      expect(error).toMatchObject({ code, retryAfterSeconds: 7, retryable: true });
    }
  });
});

test("errors in the middle of a stream have a status in their words", () => {
  const codes = [
    [openAi("x", { code: 400 }), "invalid-request"],
    [openAi("x", { type: "rate_limit_error" }), "rate-limited"],
    [openAi("x", { type: "overloaded_error" }), "overloaded"],
    [openAi("x", { type: "server_error" }), "upstream-invalid"],
    [{ error: "x", error_type: "validation" }, "invalid-request"],
    [openAi("x", { code: "insufficient_quota" }), "unavailable"],
    ["nonsense", "upstream-invalid"],
  ] as const;
  for (const [body, code] of codes) expect(fromToldError(body, ABOUT).code).toBe(code);
});

test("what breaks below is told by its code, and an abort by its reason", () => {
  const never = new AbortController().signal;
  const failed = (code: string) =>
    new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
  const codes = [
    ["ECONNREFUSED", "worker-lost"],
    ["UND_ERR_SOCKET", "worker-lost"],
    ["UND_ERR_CONNECT_TIMEOUT", "worker-lost"],
    ["UND_ERR_BODY_TIMEOUT", "timeout"],
    ["HPE_INVALID_CONSTANT", "upstream-invalid"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "unavailable"],
  ] as const;
  for (const [code, ours] of codes) expect(toTransportError(failed(code), never).code).toBe(ours);
  const left = AbortSignal.abort(new AppError("timeout", { message: "Late." }));
  expect(toTransportError(failed("ECONNRESET"), left).message).toBe("Late.");
  expect(toTransportError(failed("ECONNRESET"), AbortSignal.abort()).code).toBe("client-closed");
});

test("fields have our names, paths their heads, and others none", () => {
  expect(toParam("messages[0].content")).toBe("messages");
  expect(toParam("body.max_tokens")).toBe("maxTokens");
  expect(toParam("constructor")).toBeUndefined();
  expect(toParam(undefined)).toBeUndefined();
});
