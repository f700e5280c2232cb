import { createHash } from "node:crypto";
import type { RequestField } from "@/lib/protocol/request-fields";
import { REQUEST_FIELDS } from "@/lib/protocol/request-fields";
import type {
  ModelDescription,
  ModelFeature,
  ModelOffer,
  WorkerKind,
} from "@/lib/protocol/worker-card";
import type { Dialect } from "./dialect";

/** A model of a server, as it is offered and as the server calls it. */
export type WireModel = {
  name: string;
  upstreamName: string;
  build: string;
  contextLength: number;
  /** Beside those that its fields imply. */
  features: readonly ModelFeature[];
  /** What it is asked in; `honoured` is of this model. */
  dialect: Dialect;
  description: ModelDescription;
};

/**
 * The same for two workers before the same model, wherever they reach it.
 *
 * @param weights whatever else says which weights they are, where the server tells.
 */
export function toBuild(kind: WorkerKind, upstreamName: string, weights = ""): string {
  return createHash("sha256").update([kind, upstreamName, weights].join("\n")).digest("hex");
}

/** Features that are told by the fields which a model honours. */
const IMPLIED: readonly [field: RequestField, feature: ModelFeature][] = [
  ["logProbabilityCount", "log-probabilities"],
  ["grammar.json-schema", "grammar"],
  ["toolRequest", "tools"],
  ["reasoningEffort", "reasoning"],
  ["images", "images"],
  ["resume", "continue"],
];

export function impliedFeatures(honoured: ReadonlySet<RequestField>): ModelFeature[] {
  return IMPLIED.filter(([field]) => honoured.has(field)).map(([, feature]) => feature);
}

export function toOffer(model: WireModel): ModelOffer {
  const { name, build, contextLength, dialect, description } = model;
  const isWriter = model.features.includes("chat");
  const implied = isWriter ? impliedFeatures(dialect.honoured) : [];
  return {
    ...{ name, build, contextLength, description },
    features: [...new Set([...model.features, ...implied])],
    fields: isWriter ? REQUEST_FIELDS.filter((field) => dialect.honoured.has(field)) : [],
  };
}
