import * as z from "zod";
import { promptOf, toolSchema } from "./openai-answers";
import type { ServedStandIn } from "./openai-guises";
import { idOf, tokenOf, toTokens } from "./stand-in-model";
import type { StandInExchange } from "./stand-in-server";
import { type EngineFlags, NO_THINK } from "./token-ids";

/**
 * What vLLM serves beside OpenAI's wire (vllm/entrypoints/serve, vllm/v1/metrics): health, load, tokens, ranks.
 */

export type EngineLoad = { running: number; waiting: number; cacheShare: number };

export type EnginePlace = {
  exchange: StandInExchange;
  models: readonly ServedStandIn[];
  /** Of each engine, as its metrics tell; several share one server in a data-parallel front. */
  loads: readonly EngineLoad[];
  flags: EngineFlags;
};

const bodySchema = z.looseObject({
  model: z.string(),
  prompt: z.string().optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })).optional(),
  tools: z.array(toolSchema).optional(),
  tool_choice: z.unknown().optional(),
  add_generation_prompt: z.boolean().optional(),
  return_token_strs: z.boolean().optional(),
  chat_template_kwargs: z.looseObject({ enable_thinking: z.boolean().optional() }).optional(),
  tokens: z.array(z.number()).optional(),
  query: z.string().optional(),
  documents: z.array(z.string()).optional(),
});
type Body = z.infer<typeof bodySchema>;

/** @returns whether it has answered. */
export function answerEnginePath({ exchange, models, loads, flags }: EnginePlace): boolean {
  const { path } = exchange.asked;
  if (path === "/health") exchange.response.writeHead(200).end();
  else if (path === "/metrics") {
    exchange.response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
    exchange.response.end(toMetrics(loads, models[0]?.id ?? ""));
  } else if (path === "/tokenizer_info" && flags.tellsTokenizer) {
    exchange.sendJson({ tokenizer_class: "StandInTokenizer", model_max_length: 2_048 });
  } else return answerCall({ exchange, models, flags });
  return true;
}

type CallPlace = Pick<EnginePlace, "exchange" | "models" | "flags">;

function answerCall({ exchange, models, flags }: CallPlace): boolean {
  const { path } = exchange.asked;
  const parsed = bodySchema.safeParse(exchange.asked.body);
  const model = models.find(({ id }) => id === parsed.data?.model);
  if (!parsed.success || !model) return false;
  const body = parsed.data;
  const refuse = (message: string) => {
    exchange.sendJson({ error: { message, type: "BadRequestError", param: null, code: 400 } }, 400);
    return true;
  };
  if (path === "/v1/chat/completions" && model.kind === "chat") {
    const wantsAuto = body.tools !== undefined && (body.tool_choice ?? "auto") === "auto";
    if (!wantsAuto || flags.hasAutoTools !== false) return false;
    return refuse(
      '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
    );
  }
  if (path === "/tokenize") {
    if (!model.sees && JSON.stringify(body.messages ?? []).includes('"image_url"')) {
      return refuse(`${model.id} is not a multimodal model`);
    }
    exchange.sendJson(toTokenized(body, model));
    return true;
  }
  if (path === "/detokenize") {
    exchange.sendJson({ prompt: (body.tokens ?? []).map(tokenOf).join("") });
    return true;
  }
  if (path !== "/rerank" || !model.ranks) return false;
  exchange.sendJson(toRanks(body));
  return true;
}

function toTokenized(body: Body, model: ServedStandIn): object {
  const { add_generation_prompt: isOpen = true, chat_template_kwargs: variables } = body;
  const thinks = model.reasons && variables?.enable_thinking === false ? NO_THINK : "";
  const text = `${promptOf(body, isOpen)}${thinks}`;
  const strings = toTokens(text);
  const tokens = strings.map(idOf);
  return {
    ...{ count: tokens.length, max_model_len: model.contextLength, tokens },
    token_strs: body.return_token_strs ? strings : null,
  };
}

/** The share of a query's words that a document has; the best comes first, as servers sort them. */
function toRanks({ query = "", documents = [] }: Body): object {
  const words = toTokens(query).map((it) => it.trim());
  const results = documents.map((text, index) => ({
    ...{ index, document: { text } },
    relevance_score: words.filter((it) => text.includes(it)).length / Math.max(1, words.length),
  }));
  results.sort((a, b) => b.relevance_score - a.relevance_score);
  return { id: "rerank-1", results, usage: { total_tokens: words.length * documents.length } };
}

function toMetrics(loads: readonly EngineLoad[], model: string): string {
  const gauge = (name: string, help: string, toValue: (load: EngineLoad) => number) => [
    `# HELP vllm:${name} ${help}`,
    `# TYPE vllm:${name} gauge`,
    ...loads.map(
      (load, engine) =>
        `vllm:${name}{engine="${engine}",model_name="${model}"} ${toValue(load).toFixed(4)}`,
    ),
  ];
  return [
    "# HELP python_gc_objects_collected_total Objects collected during gc",
    "# TYPE python_gc_objects_collected_total counter",
    'python_gc_objects_collected_total{generation="0"} 1.2459e+04',
    ...gauge(
      "num_requests_running",
      "Number of requests in model execution batches.",
      (it) => it.running,
    ),
    ...gauge(
      "num_requests_waiting",
      "Number of requests waiting to be processed.",
      (it) => it.waiting,
    ),
    ...gauge(
      "kv_cache_usage_perc",
      "KV-cache usage. 1 means 100 percent usage.",
      (it) => it.cacheShare,
    ),
    "",
  ].join("\n");
}
