import type { Grammar } from "@/lib/protocol/answer-shape";
import type { ReasoningEffort } from "@/lib/protocol/generate-request";
import type { RequestField } from "@/lib/protocol/request-fields";

/** How a server of OpenAI's wire differs from the next: what it honours, and what it calls that. */

/** Fields of a request's body. */
export type BodyFields = Record<string, unknown>;

/** What a request says of reasoning. */
export type Thought = {
  effort: ReasoningEffort | undefined;
  thinking: "on" | "off" | undefined;
  /** Reasoning is wanted apart from the text. */
  isSplit: boolean;
};

export type Dialect = {
  /** For people, such as "SGLang". */
  title: string;
  /** What the server acts upon; everything else is refused before it is asked. */
  honoured: ReadonlySet<RequestField>;
  /** The same of a request that goes on with a prompt, where its server honours less of one. */
  completionHonoured?: ReadonlySet<RequestField>;
  /** What it takes where a request does not say, by its documentation. */
  samplingDefaults: { temperature: number; topP: number };
  names: { maxTokens: string; repetitionPenalty: string };
  /** Its word for keeping all tokens in `top_k`. */
  topKForAll: number;
  /** Stop strings that it takes; those beyond are looked for here, as all of them are. */
  stopsMax: number;
  /** `stream_options`; absent: it knows none. */
  streamOptions: BodyFields | undefined;
  /** A call of several functions has to be allowed, or the server makes one alone. */
  mustAllowParallelCalls: boolean;
  /** A function can be demanded by its name; else it is offered alone, and a call demanded. */
  knowsNamedChoice: boolean;
  /** Messages of tools may hold images. */
  hasImagesInTools: boolean;
  grammarFields(grammar: Grammar): BodyFields;
  thoughtFields(thought: Thought): BodyFields;
  /** What keeps the keys and values of a prompt from whoever has another salt; absent: nothing does. */
  saltField: string | undefined;
  /** Sent with each chat or completion. */
  chatExtras: BodyFields;
  completionExtras: BodyFields;
  /** What cuts a text that is too long to be embedded; absent: it cannot be asked to. */
  truncateFields: BodyFields | undefined;
  /** Sent where log-probabilities are asked for: how to have tokens' ids told. */
  chatScoreExtras: BodyFields;
  completionScoreExtras: BodyFields;
  /** What has the ids of an answer's tokens told; absent: nothing does. */
  tokenIdFields?: BodyFields;
  /** The last word on a body. */
  reshape?(body: BodyFields): BodyFields;
};

/** `response_format` as OpenAI has it, which tells JSON alone. */
export function toResponseFormat(grammar: Grammar): BodyFields {
  if (grammar.type === "json-object") return { response_format: { type: "json_object" } };
  if (grammar.type !== "json-schema") return {};
  const { schema } = grammar;
  // The name is said to models of OpenAI's alone; strict holds the answer to the schema.
  const told = { name: "answer", schema, strict: true };
  return { response_format: { type: "json_schema", json_schema: told } };
}

/** Without a request's wish nothing is said. */
export function toReasoningEffort({ effort }: Thought): BodyFields {
  return effort === undefined ? {} : { reasoning_effort: effort };
}

export const noFields = (): BodyFields => ({});

/** The fields that OpenAI's own reference has had for years, and any server of its shape is expected to have. */
export const OPENAI_FIELDS: readonly RequestField[] = [
  ...(["sampling.temperature", "sampling.topP"] as const),
  ...(["sampling.presencePenalty", "sampling.frequencyPenalty"] as const),
  ...(["stop", "maxTokens"] as const),
];

/** A server of which nothing is known but its shape; others are written as what they differ in. */
export const PLAIN_DIALECT: Dialect = {
  title: "an OpenAI-compatible server",
  honoured: new Set(OPENAI_FIELDS),
  samplingDefaults: { temperature: 1, topP: 1 },
  names: { maxTokens: "max_tokens", repetitionPenalty: "repetition_penalty" },
  topKForAll: 0,
  // OpenAI's own bound.
  stopsMax: 4,
  streamOptions: { include_usage: true },
  mustAllowParallelCalls: false,
  knowsNamedChoice: true,
  hasImagesInTools: false,
  grammarFields: toResponseFormat,
  thoughtFields: toReasoningEffort,
  saltField: undefined,
  chatExtras: {},
  completionExtras: {},
  truncateFields: undefined,
  chatScoreExtras: {},
  completionScoreExtras: {},
};
