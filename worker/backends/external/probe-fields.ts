import type { JSONObject, LanguageModelV3, SharedV3Warning } from "@ai-sdk/provider";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import type { ModelEntry } from "@/lib/protocol/model-entry";
import { PROVIDERS } from "@/lib/protocol/provider-table";
import type { RequestField } from "@/lib/protocol/request-fields";
import { toCall } from "./call-options";
import { bindUpstreamCall } from "./upstream-fetch";

/**
 * Asks the SDK, without a network, what becomes of each field: the request that it makes is caught, and
 * compared with one that wishes nothing. A field that it warns of, throws at or leaves out is none that the
 * model honours, whatever the table says: the SDK knows of many models that they have no temperature.
 */

const TOOL = { name: "look_up", parameters: { type: "object", properties: {} } };
const TOOLS = { tools: [TOOL], choice: "auto" as const, isParallel: true };
/** A picture of one pixel. */
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** A request for each field that wishes it and nothing else. */
const SAMPLES: Partial<Record<RequestField, Partial<GenerateRequest>>> = {
  "sampling.temperature": { sampling: { temperature: 0.5 } },
  "sampling.topP": { sampling: { topP: 0.5 } },
  "sampling.topK": { sampling: { topK: 5 } },
  "sampling.minP": { sampling: { minP: 0.5 } },
  "sampling.presencePenalty": { sampling: { presencePenalty: 0.5 } },
  "sampling.frequencyPenalty": { sampling: { frequencyPenalty: 0.5 } },
  "sampling.repetitionPenalty": { sampling: { repetitionPenalty: 1.5 } },
  "sampling.logitBias": { sampling: { logitBias: { "5": 1 } } },
  "sampling.seed": { sampling: { seed: 5 } },
  stop: { stop: ["5"] },
  stopTokenIds: { stopTokenIds: [5] },
  ignoreEos: { ignoreEos: true },
  minTokens: { minTokens: 5 },
  maxTokens: { maxTokens: 5_555 },
  "grammar.json-object": { grammar: { type: "json-object" } },
  "grammar.json-schema": {
    grammar: {
      type: "json-schema",
      schema: {
        type: "object",
        properties: { a: { type: "string" } },
        required: ["a"],
        additionalProperties: false,
      },
    },
  },
  toolRequest: { toolRequest: TOOLS },
  "toolRequest.choice": { toolRequest: { ...TOOLS, choice: { name: TOOL.name } } },
  "toolRequest.isParallel": { toolRequest: { ...TOOLS, isParallel: false } },
  reasoningEffort: { reasoningEffort: "high" },
  images: {
    messages: [{ role: "user", content: [{ type: "image", mediaType: "image/png", data: PIXEL }] }],
  },
};

export type FieldProbe = { field: RequestField; fault: string };

/** Of `fields` those that would not reach the provider, each with what is wrong. */
export async function probeFields(
  entry: ModelEntry,
  fields: readonly RequestField[],
  { model, optionsName }: { model: LanguageModelV3; optionsName: string },
): Promise<FieldProbe[]> {
  const ask = (sample: Partial<GenerateRequest>) => dryRun(entry, sample, { model, optionsName });
  const plain = await ask({});
  const tools = await ask({ toolRequest: TOOLS });
  const found: FieldProbe[] = [];
  for (const field of fields) {
    if (field === "stop" && PROVIDERS[entry.provider].stopsMax === 0) continue;
    const sample = SAMPLES[field];
    if (sample === undefined) {
      found.push({ field, fault: "the SDK of this provider has no word for it" });
      continue;
    }
    const base = field.startsWith("toolRequest.") ? tools : plain;
    const { body, faults } = await ask(sample);
    // What is wrong with every request is no matter of the field.
    const fault = faults.find((it) => !plain.faults.includes(it));
    if (fault !== undefined) found.push({ field, fault });
    else if (body === base.body) found.push({ field, fault: "the SDK leaves it out" });
  }
  return found;
}

type DryRun = { body: string; faults: string[] };

async function dryRun(
  entry: ModelEntry,
  sample: Partial<GenerateRequest>,
  { model, optionsName }: { model: LanguageModelV3; optionsName: string },
): Promise<DryRun> {
  const request: GenerateRequest = {
    ...{ requestId: "probe", model: entry.name, messages: [textMessage("user", "5")] },
    ...{ sampling: {}, stop: [], ...sample },
  };
  // What an entry has once and for all, or recommends, is no answer to what a request may ask.
  const bare: ModelEntry = {
    ...entry,
    fixed: {},
    parameters: { options: entry.parameters.options },
  };
  let body = "";
  try {
    const { options, body: more } = toCall(bare, request, optionsName);
    const warnings = await catchWarnings(model, options, more, (sent) => {
      body = sent;
    });
    return { body, faults: warnings.flatMap(describe) };
  } catch (error) {
    return { body, faults: [error instanceof Error ? error.message : String(error)] };
  }
}

async function catchWarnings(
  model: LanguageModelV3,
  options: Parameters<LanguageModelV3["doStream"]>[0],
  body: JSONObject,
  onBody: (sent: string) => void,
): Promise<SharedV3Warning[]> {
  const call = {
    ...{ about: { model: "" }, body, onBytes: () => undefined },
    instead: (url: string, init: RequestInit) => {
      onBody(typeof init.body === "string" ? init.body : "");
      const type = url.includes("converse")
        ? "application/vnd.amazon.eventstream"
        : "text/event-stream";
      return new Response("", { headers: { "content-type": type } });
    },
  };
  const { signal: abortSignal } = new AbortController();
  bindUpstreamCall(abortSignal, call);
  const { stream } = await model.doStream({ ...options, abortSignal });
  const reader = stream.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return value?.type === "stream-start" ? value.warnings : [];
}

function describe(warning: SharedV3Warning): string[] {
  if (warning.type !== "unsupported") return [];
  const { feature, details = `the SDK has no ${feature} for it` } = warning;
  return [details];
}
