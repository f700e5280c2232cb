import type { Grammar } from "@/lib/protocol/answer-shape";
import type { RequestField } from "@/lib/protocol/request-fields";
import {
  type BodyFields,
  type Dialect,
  noFields,
  OPENAI_FIELDS,
  PLAIN_DIALECT,
  type Thought,
  toReasoningEffort,
  toResponseFormat,
} from "../openai-wire/dialect";

/**
 * The servers of OpenAI's wire that are known by name, and what each of them makes of a request by its
 * documentation and source. A field that a server reads and passes over is not honoured; what a start-up flag
 * of its decides is asked of it when it is looked at (look-at-server.ts).
 */

export const SERVER_NAMES = [
  ...(["sglang", "tgi", "llama.cpp", "ollama", "lm-studio", "localai", "parley"] as const),
  "generic",
] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

const JSON_FIELDS = ["grammar.json-object", "grammar.json-schema"] as const;
const SCORES = "logProbabilityCount";

function fields(...more: (readonly RequestField[])[]): ReadonlySet<RequestField> {
  return new Set([...OPENAI_FIELDS, ...more.flat()]);
}

export const DIALECTS: Record<ServerName, Dialect> = {
  generic: { ...PLAIN_DIALECT, honoured: fields(["prompt"]) },
  // python/sglang/srt/entrypoints/openai/protocol.py
  sglang: {
    ...PLAIN_DIALECT,
    title: "SGLang",
    honoured: fields(
      ["sampling.topK", "sampling.minP", "sampling.repetitionPenalty"],
      ["sampling.logitBias", "stopTokenIds", "ignoreEos"],
      ["minTokens", "prompt", "prompt.ids", "reportPrompt"],
      ["toolRequest", "toolRequest.choice", "toolRequest.isParallel"],
      [...JSON_FIELDS, "grammar.regex", "grammar.choice"],
      [SCORES, "reasoningEffort"],
    ),
    // It refuses 0 ("top_k must be -1 (disable), or at least 1").
    topKForAll: -1,
    stopsMax: 16,
    streamOptions: { include_usage: true, continuous_usage_stats: true },
    hasImagesInTools: true,
    grammarFields: (grammar) => {
      if (grammar.type === "regex") return { regex: grammar.pattern };
      if (grammar.type === "choice") return { regex: toAlternatives(grammar.choices) };
      return toResponseFormat(grammar);
    },
    thoughtFields: (thought) => ({
      ...toReasoningEffort(thought),
      ...toTemplateSwitch(thought),
      separate_reasoning: thought.isSplit,
    }),
    saltField: "cache_salt",
  },
  // router/src/lib.rs: `presence_penalty` becomes a repetition penalty there, and `logit_bias` and `n` are unused.
  tgi: {
    ...PLAIN_DIALECT,
    title: "Text Generation Inference",
    honoured: new Set<RequestField>([
      ...(["sampling.temperature", "sampling.topP", "sampling.frequencyPenalty"] as const),
      ...(["sampling.seed", "stop", "maxTokens", SCORES, "prompt"] as const),
      ...(["toolRequest", "toolRequest.choice", "grammar.json-schema", "grammar.regex"] as const),
      "grammar.choice",
    ]),
    completionHonoured: new Set<RequestField>([
      ...(["sampling.temperature", "sampling.topP", "sampling.frequencyPenalty"] as const),
      ...(["sampling.seed", "stop", "maxTokens", "prompt"] as const),
    ]),
    grammarFields: toTgiFormat,
    thoughtFields: noFields,
    // Its sampler takes shares below 1 alone, and keeps all without one.
    reshape: ({ top_p: topP, ...body }) => (topP === 1 ? body : { ...body, top_p: topP }),
  },
  // tools/server/README.md
  "llama.cpp": {
    ...PLAIN_DIALECT,
    title: "llama.cpp",
    honoured: fields(
      ["sampling.topK", "sampling.minP", "sampling.repetitionPenalty"],
      ["sampling.logitBias", "sampling.seed", "ignoreEos"],
      ["prompt", "prompt.ids", SCORES],
      ["toolRequest", "toolRequest.choice", "toolRequest.isParallel"],
      [...JSON_FIELDS, "grammar.choice"],
    ),
    samplingDefaults: { temperature: 0.8, topP: 0.95 },
    names: { ...PLAIN_DIALECT.names, repetitionPenalty: "repeat_penalty" },
    stopsMax: 16,
    mustAllowParallelCalls: true,
    knowsNamedChoice: false,
    grammarFields: (grammar) =>
      grammar.type === "choice" ? { grammar: toGbnf(grammar.choices) } : toResponseFormat(grammar),
    thoughtFields: toTemplateSwitch,
  },
  // docs/api/openai-compatibility.mdx; what a model can is asked of /api/show.
  ollama: {
    ...PLAIN_DIALECT,
    title: "Ollama",
    honoured: fields(
      ["sampling.seed", "prompt", SCORES, ...JSON_FIELDS],
      ["toolRequest", "reasoningEffort", "images"],
    ),
    completionHonoured: fields(["sampling.seed", "prompt"]),
    stopsMax: 16,
    thoughtFields: ({ effort, thinking }) => {
      if (effort !== undefined) return { reasoning_effort: effort };
      return thinking === "off" ? { reasoning_effort: "none" } : {};
    },
  },
  // lmstudio.ai/docs: chat completions, structured output, tool use
  "lm-studio": {
    ...PLAIN_DIALECT,
    title: "LM Studio",
    honoured: fields(
      ["sampling.topK", "sampling.repetitionPenalty", "sampling.logitBias"],
      ["sampling.seed", "prompt", "grammar.json-schema"],
      ["toolRequest", "toolRequest.choice", "images"],
    ),
    names: { ...PLAIN_DIALECT.names, repetitionPenalty: "repeat_penalty" },
    knowsNamedChoice: false,
    thoughtFields: noFields,
  },
  // core/schema/prediction.go; what its own backends make of a field is theirs.
  localai: {
    ...PLAIN_DIALECT,
    title: "LocalAI",
    honoured: fields(
      ["sampling.topK", "sampling.repetitionPenalty", "sampling.seed"],
      ["ignoreEos", "prompt", ...JSON_FIELDS, "grammar.choice"],
      ["toolRequest", "toolRequest.choice"],
    ),
    samplingDefaults: { temperature: 0.9, topP: 0.95 },
    names: { ...PLAIN_DIALECT.names, repetitionPenalty: "repeat_penalty" },
    grammarFields: (grammar) =>
      grammar.type === "choice" ? { grammar: toGbnf(grammar.choices) } : toResponseFormat(grammar),
    thoughtFields: noFields,
  },
  // Another installation, which refuses by name what a model of its cannot.
  parley: {
    ...PLAIN_DIALECT,
    title: "the Parley behind this model",
    honoured: fields(
      ["sampling.topK", "sampling.minP", "sampling.repetitionPenalty"],
      ["sampling.logitBias", "sampling.seed", "stopTokenIds"],
      ["ignoreEos", "minTokens", "prompt", "prompt.ids"],
      ["reportPrompt", SCORES, "reasoningEffort"],
      ["toolRequest", "toolRequest.choice", "toolRequest.isParallel"],
      [...JSON_FIELDS, "grammar.regex", "grammar.choice"],
    ),
    stopsMax: 16,
    grammarFields: (grammar) => {
      if (grammar.type === "regex") return { structured_outputs: { regex: grammar.pattern } };
      if (grammar.type === "choice") return { structured_outputs: { choice: grammar.choices } };
      return toResponseFormat(grammar);
    },
    truncateFields: { overflow: "truncate" },
  },
};

/** Most chat templates that can be told whether to reason know this switch; the others pass over it. */
function toTemplateSwitch({ effort, thinking }: Thought): BodyFields {
  const isOff = effort === "none" || (effort === undefined && thinking === "off");
  const isOn = effort !== undefined || thinking === "on";
  if (!isOff && !isOn) return {};
  return { chat_template_kwargs: { enable_thinking: !isOff } };
}

/** The oldest form that every version of TGI takes. */
function toTgiFormat(grammar: Grammar): BodyFields {
  switch (grammar.type) {
    case "json-schema":
      return { response_format: { type: "json", value: grammar.schema } };
    case "regex":
      return { response_format: { type: "regex", value: grammar.pattern } };
    case "choice":
      return { response_format: { type: "regex", value: toAlternatives(grammar.choices) } };
    default:
      return {};
  }
}

function toAlternatives(choices: readonly string[]): string {
  return `(${choices.map((it) => it.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|")})`;
}

/** A grammar of llama.cpp's for one of several texts. */
function toGbnf(choices: readonly string[]): string {
  return `root ::= ${choices.map(toGbnfText).join(" | ")}`;
}

function toGbnfText(text: string): string {
  const escaped = [...text].map((it) => {
    const code = it.codePointAt(0) ?? 0;
    if (it === '"' || it === "\\") return `\\${it}`;
    return code < 0x20 ? `\\x${code.toString(16).padStart(2, "0")}` : it;
  });
  return `"${escaped.join("")}"`;
}
