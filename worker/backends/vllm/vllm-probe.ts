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
  /** The server was too busy to be asked everything: what is not known is taken for there, and asked again. */
  isOpen?: boolean;
};

const anything = z.unknown();
const tokensSchema = z.object({ tokens: z.array(z.number()) });

/** A transparent pixel. */
const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

const TOOL_FIELDS = ["toolRequest", "toolRequest.choice", "toolRequest.isParallel"] as const;

export type FindOptions = {
  signal: AbortSignal;
  /** For each question; another one for tests that cannot wait. */
  questionMsMax?: number | undefined;
};

/**
 * Asks the server what its model is, by requests that cost nothing but for one token: its tokenizer tells
 * whether the model sees and whether its template has a switch for reasoning.
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
  const call = { messages, tools, tool_choice: "auto", max_tokens: 1, stream: false };
  const found = { features: ["chat", ...tokenize] as const, lacks, hints };
  try {
    if (await ask("/chat/completions", call, anything)) return found;
  } catch (error) {
    // The one question that waits its turn with everybody's requests.
    const isBusy =
      isAppError(error) && (BUSY.has(error.code) || BUSY_STATUSES.has(statusOf(error)));
    if (!isBusy || outer.aborted) throw error;
    return { ...found, isOpen: true };
  }
  lacks.push(...TOOL_FIELDS);
  hints.push("--enable-auto-tool-choice --tool-call-parser <its parser> would let it call tools");
  return found;
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
