import { createHash } from "node:crypto";
import type { ModelEntry } from "@/lib/protocol/model-entry";
import { PROVIDERS } from "@/lib/protocol/provider-table";
import type { RequestField } from "@/lib/protocol/request-fields";
import type { ModelFeature, ModelOffer } from "@/lib/protocol/worker-card";
import { UPSTREAM_CONTEXT_LENGTH_DEFAULT } from "@/lib/upstream-limits";
import { describeEntry, toTerms } from "../describe-entry";

/** What an entry's model can be asked for, before the SDK was asked what it says of it. */
export function declaredFields(entry: ModelEntry): RequestField[] {
  const { features, fields, provider } = entry;
  const facts = PROVIDERS[provider];
  const all = new Set(facts.fields);
  // What no provider cuts is cut here.
  if (facts.stopsMax === 0) all.add("stop");
  const needs = {
    tools: /^toolRequest/,
    images: /^images$/,
    reasoning: /^reasoningEffort$/,
  } as const;
  for (const feature of ["tools", "images", "reasoning"] as const) {
    if (features.includes(feature)) continue;
    for (const field of all) if (needs[feature].test(field)) all.delete(field);
  }
  for (const [field, isHonoured] of Object.entries(fields)) {
    // The schema has checked that the keys are fields.
    if (isHonoured) all.add(field as RequestField);
    else all.delete(field as RequestField);
  }
  return [...all];
}

export function contextLengthOf({ contextLength }: ModelEntry): number {
  return contextLength ?? UPSTREAM_CONTEXT_LENGTH_DEFAULT;
}

export function toOffer(entry: ModelEntry, honoured: ReadonlySet<RequestField>): ModelOffer {
  const fields = [...honoured].filter((field) => !isFixed(entry, field));
  return {
    name: entry.name,
    build: buildOf(entry),
    contextLength: contextLengthOf(entry),
    features: featuresOf(entry, honoured),
    ...(chats(entry) && { fields }),
    ...toTerms(entry),
    description: describeEntry(entry, describeLimits(entry)),
  };
}

/** Models that make vectors only say so by naming that alone. */
export function chats({ features }: ModelEntry): boolean {
  return features.includes("chat") || !features.includes("embeddings");
}

function isFixed({ fixed }: ModelEntry, field: RequestField): boolean {
  if (field === "sampling.temperature") return fixed.temperature !== undefined;
  return field === "sampling.topP" && fixed.topP !== undefined;
}

function featuresOf(entry: ModelEntry, honoured: ReadonlySet<RequestField>): ModelFeature[] {
  const { features } = entry;
  const has = (feature: ModelFeature, isThere: boolean) => (isThere ? [feature] : []);
  return [
    ...has("chat", chats(entry)),
    ...has("embeddings", features.includes("embeddings")),
    ...has("grammar", chats(entry) && honoured.has("grammar.json-schema")),
    ...has("tools", honoured.has("toolRequest")),
    ...has("reasoning", features.includes("reasoning")),
    ...has("images", honoured.has("images")),
  ];
}

/** Two workers before the same model tell the same, whatever address and key they have. */
function buildOf({ provider, model, resource = "", systemPrompt }: ModelEntry): string {
  const prompt = typeof systemPrompt === "object" ? systemPrompt.prepend : "";
  const parts = ["external", provider, model, resource, prompt];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function describeLimits({ fixed, parameters, systemPrompt }: ModelEntry): string {
  return [
    fixed.temperature === undefined
      ? ""
      : `Its temperature is ${fixed.temperature} and cannot be set.`,
    fixed.topP === undefined ? "" : `Its top_p is ${fixed.topP} and cannot be set.`,
    parameters.maxTokens === undefined
      ? ""
      : `It answers with at most ${parameters.maxTokens} tokens where a request says nothing.`,
    systemPrompt === "refuse" ? "It takes no system prompt." : "",
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}
