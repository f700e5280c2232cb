import { isAppError } from "@/lib/errors";
import type { RequestField } from "@/lib/protocol/request-fields";
import { UPSTREAM_PROBE_MS_MAX, UPSTREAM_PROBED_MODELS_MAX } from "@/lib/upstream-limits";
import type { BodyFields } from "../openai-wire/dialect";
import type { Upstream } from "../openai-wire/upstream";
import { type Choice, chunkSchema, readDelta } from "../openai-wire/wire";

/** A word that no model says by itself. */
const WORD = "kolibri-4711";

type Question = {
  fields: readonly RequestField[];
  body: BodyFields;
  isHonoured(choice: Choice): boolean;
};

/** Requests of a few tokens whose replies show whether a field was read. */
const QUESTIONS: readonly Question[] = [
  {
    fields: ["logProbabilityCount"],
    body: { max_tokens: 1, logprobs: true, top_logprobs: 2 },
    isHonoured: ({ logprobs }) =>
      !!logprobs && "content" in logprobs && logprobs.content?.[0]?.top_logprobs?.length === 2,
  },
  {
    fields: ["grammar.json-schema"],
    body: {
      max_tokens: 32,
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "probe",
          strict: true,
          schema: {
            type: "object",
            properties: { word: { type: "string", enum: [WORD] } },
            required: ["word"],
            additionalProperties: false,
          },
        },
      },
    },
    isHonoured: ({ message }) => !!message && readDelta(message).text.includes(WORD),
  },
  {
    fields: ["toolRequest", "toolRequest.choice"],
    body: {
      max_tokens: 64,
      tools: [
        {
          type: "function",
          function: {
            name: "note",
            description: "Notes a word.",
            parameters: { type: "object", properties: { word: { type: "string" } } },
          },
        },
      ],
      tool_choice: "required",
    },
    isHonoured: ({ message }) => message?.tool_calls?.[0]?.function?.name === "note",
  },
];

/** Finds out what a server that nobody knows makes of fields, once for each of its first models. */
export class ServerProbe {
  readonly #upstream: Upstream;
  readonly #known = new Map<string, readonly RequestField[]>();

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** What it honours beside its table; nothing of models beyond the first few. Throws where it is away. */
  async fieldsOf(upstreamName: string, signal: AbortSignal): Promise<readonly RequestField[]> {
    const known = this.#known.get(upstreamName);
    if (known) return known;
    if (this.#known.size >= UPSTREAM_PROBED_MODELS_MAX) return [];
    const found: RequestField[] = [];
    for (const question of QUESTIONS) {
      if (await this.#ask(upstreamName, { question, signal })) found.push(...question.fields);
    }
    this.#known.set(upstreamName, found);
    return found;
  }

  async #ask(
    model: string,
    { question, signal }: { question: Question; signal: AbortSignal },
  ): Promise<boolean> {
    const abort = new AbortController();
    const onAbort = () => abort.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const late = setTimeout(() => abort.abort(), UPSTREAM_PROBE_MS_MAX);
    try {
      const messages = [{ role: "user", content: "Say hello." }];
      const body = { model, messages, temperature: 0, stream: false, ...question.body };
      const reply = await this.#upstream.postWhole("/chat/completions", body, {
        schema: chunkSchema,
        signal: abort.signal,
        about: { model },
      });
      const choice = reply.choices?.[0];
      return choice !== undefined && question.isHonoured(choice);
    } catch (error) {
      signal.throwIfAborted();
      // Refused, or too slow to be found out: not honoured.
      if (isAppError(error) && error.code !== "worker-lost") return false;
      throw error;
    } finally {
      clearTimeout(late);
      signal.removeEventListener("abort", onAbort);
    }
  }
}
