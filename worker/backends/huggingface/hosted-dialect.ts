import type { RequestField } from "@/lib/protocol/request-fields";
import { DIALECTS } from "../openai-compatible/servers";
import {
  type BodyFields,
  type Dialect,
  noFields,
  OPENAI_FIELDS,
  PLAIN_DIALECT,
} from "../openai-wire/dialect";
import { VLLM_DIALECT } from "../vllm/vllm-dialect";
import type { HOST_SERVERS, HostedModel } from "./hosted-model";

/** What each way of Hugging Face's honours of a request, and in which words it is asked. */

const TOOLS = ["toolRequest", "toolRequest.choice"] as const;

/** Its providers differ; these fields its documentation has for all of them (Inference Providers, chat completion). */
const ROUTER: Dialect = {
  ...PLAIN_DIALECT,
  title: "the providers of Hugging Face's hub",
  honoured: new Set<RequestField>([...OPENAI_FIELDS, ...TOOLS, "images"]),
};

/** What TGI, vLLM, SGLang and llama.cpp all act upon: any of them may run in an endpoint. */
const SOME_SERVER: Dialect = {
  ...PLAIN_DIALECT,
  title: "the server of this endpoint",
  honoured: new Set<RequestField>([
    ...(["sampling.temperature", "sampling.topP", "sampling.frequencyPenalty"] as const),
    ...(["stop", "maxTokens", "prompt", "images"] as const),
    ...TOOLS,
  ]),
  completionHonoured: new Set<RequestField>([
    ...(["sampling.temperature", "sampling.topP", "sampling.frequencyPenalty"] as const),
    ...(["stop", "maxTokens", "prompt"] as const),
  ]),
  thoughtFields: noFields,
  // TGI's sampler takes shares below 1 alone; without one all servers keep everything.
  reshape: ({ top_p: topP, ...body }) => (topP === 1 ? body : { ...body, top_p: topP }),
};

const SERVERS: Record<(typeof HOST_SERVERS)[number], Dialect> = {
  tgi: { ...DIALECTS.tgi, honoured: new Set([...DIALECTS.tgi.honoured, "images"]) },
  vllm: VLLM_DIALECT,
  sglang: DIALECTS.sglang,
  "llama.cpp": DIALECTS["llama.cpp"],
};

const GENERATE_FIELDS = new Set<RequestField>([
  ...(["sampling.temperature", "sampling.topP", "sampling.topK"] as const),
  ...(["sampling.frequencyPenalty", "sampling.repetitionPenalty", "sampling.seed"] as const),
  ...(["stop", "maxTokens", "prompt"] as const),
  ...(["grammar.json-schema", "grammar.regex", "grammar.choice"] as const),
]);

/** `/generate_stream` of TGI, by its OpenAPI description. */
const GENERATE: Dialect = {
  ...DIALECTS.tgi,
  honoured: GENERATE_FIELDS,
  completionHonoured: GENERATE_FIELDS,
  reshape: toGenerateBody,
};

/** Of `/v1/completions`, whoever runs there, for a conversation whose prompt is written here. */
const COMPLETIONS: Dialect = {
  ...SOME_SERVER,
  honoured: SOME_SERVER.completionHonoured ?? new Set(),
};

/** Before an entry's own corrections. */
export function toDialect(entry: HostedModel): Dialect {
  const base = findBase(entry);
  const adjust = (fields: ReadonlySet<RequestField>) => {
    const its = new Set(fields);
    const drop = (feature: "tools" | "images" | "reasoning", pattern: RegExp) => {
      if (entry.features.includes(feature)) return;
      for (const field of its) if (pattern.test(field)) its.delete(field);
    };
    drop("tools", /^toolRequest/);
    drop("images", /^images$/);
    drop("reasoning", /^reasoningEffort$/);
    return correct(its, entry);
  };
  const { completionHonoured } = base;
  const honoured = adjust(base.honoured);
  return {
    ...base,
    honoured,
    // That it is not to reason is said to who could be told otherwise.
    ...(!honoured.has("reasoningEffort") && { thoughtFields: noFields }),
    ...(completionHonoured && { completionHonoured: correct(completionHonoured, entry) }),
  };
}

function correct(
  fields: ReadonlySet<RequestField>,
  { fields: corrections }: HostedModel,
): ReadonlySet<RequestField> {
  const its = new Set(fields);
  for (const [field, isHonoured] of Object.entries(corrections)) {
    // The schema has checked that the keys are fields.
    if (isHonoured) its.add(field as RequestField);
    else its.delete(field as RequestField);
  }
  return its;
}

function findBase({ endpoint, api, server }: HostedModel): Dialect {
  if (endpoint === undefined) return ROUTER;
  if (api === "generate") return GENERATE;
  if (server === undefined) return api === "completions" ? COMPLETIONS : SOME_SERVER;
  const base = SERVERS[server];
  return api === "completions"
    ? { ...base, honoured: base.completionHonoured ?? base.honoured }
    : base;
}

/** OpenAI's words of a completion as TGI's own. */
function toGenerateBody(body: BodyFields): BodyFields {
  const { temperature, top_p: topP, response_format: format } = body;
  const isGreedy = temperature === 0;
  return {
    inputs: body.prompt,
    parameters: {
      do_sample: !isGreedy,
      // It takes no 0, and its shares are below 1.
      temperature: isGreedy ? undefined : temperature,
      top_p: topP === 1 ? undefined : topP,
      // All tokens are kept without one.
      top_k: body.top_k === 0 ? undefined : body.top_k,
      frequency_penalty: body.frequency_penalty,
      repetition_penalty: body.repetition_penalty,
      ...{ seed: body.seed, stop: body.stop, max_new_tokens: body.max_tokens },
      ...{ grammar: format, return_full_text: false, details: true },
    },
    stream: true,
  };
}
