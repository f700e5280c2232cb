import * as z from "zod";
import { type AppError, type ErrorCode, isAppError } from "@/lib/errors";
import type { RequestField } from "@/lib/protocol/request-fields";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import { UPSTREAM_PROBE_MS_MAX } from "@/lib/upstream-limits";
import type { Upstream } from "../openai-wire/upstream";
import { UpstreamRefusedError } from "../upstream-error";
import { toTemplateSwitch } from "./vllm-dialect";

/** What a vLLM server's flags and its model decide, which `/v1/models` does not tell. */
export type Found = {
  features: readonly ModelFeature[];
  /** Fields that it does not honour. */
  lacks: readonly RequestField[];
  /** For an operator: what the server could be told at its start. */
  hints: readonly string[];
  /** What the server calls its version and settings, where it does (since the spring of 2026). */
  fingerprint?: string | undefined;
  /**
   * The server was too busy to be asked everything, and is asked again. Until then it is taken to call tools,
   * and not to go on with answers: of that it could not say itself that it does not.
   */
  isOpen?: boolean;
};

const anything = z.unknown();
const ids = z.array(z.number());
const tokensSchema = z.object({ tokens: ids });
const told = ids.nullish().catch(undefined);
/** One token of an answer, with what this server tells of it. */
const replySchema = z.looseObject({
  prompt_token_ids: told,
  choices: z.array(z.looseObject({ token_ids: told })).catch([]),
  system_fingerprint: z.string().nullish().catch(undefined),
});
type Reply = z.infer<typeof replySchema>;

/** A transparent pixel. */
const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/** It is asked to go on with an answer, and names the tokens of one for others to go on with. */
export const RESUME_FIELDS = ["reportTokenIds", "resume"] as const;
const TOOL_FIELDS = ["toolRequest", "toolRequest.choice", "toolRequest.isParallel"] as const;

export type FindOptions = {
  signal: AbortSignal;
  /** For each question; another one for tests that cannot wait. */
  questionMsMax?: number | undefined;
};

/**
 * Asks the server what its model is, by requests that cost nothing but for two or three tokens: its tokenizer
 * tells whether the model sees and whether its template has a switch for reasoning. Whoever goes on with a chat
 * has its prompt from the tokenizer and the answer's tokens from another server of the model; so the tokenizer
 * has to read a conversation as the chat does, which it does not where the chat has a form beside the template
 * (gpt-oss), and tokens have to be told and taken.
 *
 * @throws AppError where the server is away, busy, or refuses the key.
 */
export async function findOut(
  upstream: Upstream,
  model: string,
  { signal: outer, questionMsMax = UPSTREAM_PROBE_MS_MAX }: FindOptions,
): Promise<Found> {
  const ask = <T>(path: string, body: object, schema: z.ZodType<T>) =>
    unlessRefused(() => {
      const signal = AbortSignal.any([outer, AbortSignal.timeout(questionMsMax)]);
      return upstream.postWhole(path, { model, ...body }, { schema, signal, about: { model } });
    });
  const above = (path: string) => `${upstream.rootUrl}${path}`;
  const tokens = async (body: object) =>
    (await ask(above("/tokenize"), body, tokensSchema))?.tokens.join();
  const canTokenize = (await tokens({ prompt: "a" })) !== undefined;
  const tokenize: ModelFeature[] = canTokenize ? ["tokenize"] : [];
  if (await ask("/embeddings", { input: ["a"] }, anything)) {
    return { features: ["embeddings", ...tokenize], lacks: [], hints: [] };
  }
  if (await ask(above("/rerank"), { query: "a", documents: ["a"] }, anything)) {
    return { features: ["rerank", ...tokenize], lacks: [], hints: [] };
  }
  const lacks: RequestField[] = [];
  const hints: string[] = [];
  const messages = [{ role: "user", content: "a" }];
  const toldOf = (thinking: "on" | "off") =>
    tokens({ messages, ...toTemplateSwitch({ effort: undefined, thinking }) });
  const [on, off] = canTokenize ? [await toldOf("on"), await toldOf("off")] : [];
  if (on === off) lacks.push("reasoningEffort");
  const image = [{ type: "image_url", image_url: { url: PIXEL } }];
  const sees = canTokenize && (await tokens({ messages: [{ role: "user", content: image }] }));
  if (!sees) lacks.push("images");
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];
  const call = { messages, max_tokens: 1, temperature: 0, stream: false, return_token_ids: true };
  const found: Found = { features: ["chat", ...tokenize], lacks, hints };
  try {
    let prompt: object = { messages, tools };
    const tooled = { ...call, tools, tool_choice: "auto" };
    let reply = await ask("/chat/completions", tooled, replySchema);
    if (reply === undefined) {
      lacks.push(...TOOL_FIELDS);
      hints.push(
        "--enable-auto-tool-choice --tool-call-parser <its parser> would let it call tools",
      );
      prompt = { messages };
      reply = await ask("/chat/completions", call, replySchema);
    }
    found.fingerprint = reply?.system_fingerprint ?? undefined;
    const written = toWritten(reply);
    const isItsOwn = written && canTokenize && (await tokens(prompt)) === written.prompt.join();
    const whole = { prompt: [...(written?.prompt ?? []), ...(written?.answer ?? [])] };
    const goesOn =
      isItsOwn && (await ask("/completions", { ...whole, max_tokens: 1, stream: false }, anything));
    if (!goesOn) lacks.push(...RESUME_FIELDS);
    return found;
  } catch (error) {
    // These questions wait their turn with everybody's requests.
    const isBusy =
      isAppError(error) && (BUSY.has(error.code) || BUSY_STATUSES.has(statusOf(error)));
    if (!isBusy || outer.aborted) throw error;
    lacks.push(...RESUME_FIELDS);
    return { ...found, isOpen: true };
  }
}

/** Tokens of the prompt as it was read, and the one that was written; undefined where they are not told (before 0.10.2). */
function toWritten(reply: Reply | undefined): { prompt: number[]; answer: number[] } | undefined {
  const prompt = reply?.prompt_token_ids;
  const answer = reply?.choices[0]?.token_ids;
  return prompt?.length && answer?.length ? { prompt, answer } : undefined;
}

/** The question has waited for too long, or was not let in. */
const BUSY = new Set<ErrorCode>(["timeout", "client-closed", "overloaded", "rate-limited"]);
/** Said by the server, or by a proxy in front of it, of the moment and not of the question. */
const BUSY_STATUSES = new Set([502, 503, 504]);
/** What says nothing of the question: the server is away, slow, busy, or lets nobody in. */
const UNTOLD = new Set<ErrorCode>([...BUSY, "worker-lost", "unavailable", "loop-detected"]);

function statusOf({ cause }: AppError): number {
  return cause instanceof UpstreamRefusedError ? cause.status : 0;
}

/** Undefined where the server refuses, in whatever words: versions have 400, 404, 405, 500 and 501 for it. */
async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const isRefusal =
      isAppError(error) && !UNTOLD.has(error.code) && !BUSY_STATUSES.has(statusOf(error));
    if (isRefusal) return undefined;
    throw error;
  }
}
