import { createHash } from "node:crypto";
import * as z from "zod";
import { priceSchema } from "@/lib/protocol/catalog";
import { REQUEST_FIELDS, type RequestField } from "@/lib/protocol/request-fields";
import {
  type ModelFeature,
  type ModelOffer,
  modelDescriptionSchema,
  modelOfferSchema,
} from "@/lib/protocol/worker-card";
import { UPSTREAM_CONTEXT_LENGTH_DEFAULT, UPSTREAM_MODELS_MAX } from "@/lib/upstream-limits";
import { StartError } from "@/lib/util/start-error";
import { impliedFeatures } from "../openai-wire/wire-model";
import type { CustomBackend } from "./module-interface";

/** What `createBackend` returned, from unknown to known. */

export type ServedCustom = { offer: ModelOffer; honoured: ReadonlySet<RequestField> };
export type ReadModule = {
  backend: CustomBackend;
  models: ReadonlyMap<string, ServedCustom>;
  /** For the log. */
  warnings: string[];
};

/** What asks for it → the function that has to be there. */
const FUNCTIONS = {
  chat: ["generate"],
  embeddings: ["embed"],
  rerank: ["rerank"],
  classify: ["classify"],
  tokenize: ["tokenize", "detokenize"],
} as const satisfies Partial<Record<ModelFeature, readonly (keyof CustomBackend)[]>>;
type CustomFeature = keyof typeof FUNCTIONS;
const FEATURES = Object.keys(FUNCTIONS) as CustomFeature[];
const OPTIONAL = [...Object.values(FUNCTIONS).flat(), "close"] as const;

/** Fields that take more than a module has words for. */
export const NOT_FOR_MODULES = [
  ...(["logProbabilityCount", "reportPrompt", "reportTokenIds", "resume"] as const),
] as const satisfies readonly RequestField[];
/** What is seen to here, whatever the module does. */
const OURS: readonly RequestField[] = ["stop", "maxTokens"];
const FIELDS = REQUEST_FIELDS.filter((field) => !NOT_FOR_MODULES.some((it) => it === field));

const modelSchema = z.strictObject({
  ...modelOfferSchema.pick({ name: true, isAnonymousOnly: true }).shape,
  contextLength: modelOfferSchema.shape.contextLength.optional(),
  features: z.array(z.enum(FEATURES)).min(1).optional(),
  fields: z.array(z.enum(FIELDS)).default([]),
  build: z.string().min(1).optional(),
  price: priceSchema.optional(),
  description: z.strictObject(modelDescriptionSchema.shape).prefault({}),
});
type ModelEntry = z.infer<typeof modelSchema>;

/**
 * @param path as it was typed; for sentences.
 * @param file the module's text, which makes its build where a model names none.
 * @throws StartError naming what is wrong, and what it should be.
 */
export function readModule(
  value: unknown,
  { path, file }: { path: string; file: string },
): ReadModule {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong(path, "createBackend returns no object", "{ models: […], async *generate(…) {…} }");
  }
  // A type says nothing of what it really is; each function is looked at below.
  const backend = value as CustomBackend;
  for (const name of OPTIONAL) {
    if (backend[name] === undefined || typeof backend[name] === "function") continue;
    throw wrong(path, `"${name}" of what createBackend returns is no function`, `${name}(…) {…}`);
  }
  const entries = readModels(backend.models, path);
  const warnings: string[] = [];
  const models = new Map<string, ServedCustom>();
  for (const [index, entry] of entries.entries()) {
    const features = readFeatures(entry, { backend, path, index });
    const honoured = new Set(features.includes("chat") ? [...entry.fields, ...OURS] : []);
    if (models.has(entry.name)) {
      throw wrong(path, `models[${index}].name is that of another model`, "a name of its own");
    }
    if (entry.contextLength === undefined) {
      warnings.push(
        `models[${index}].contextLength is not told; ${UPSTREAM_CONTEXT_LENGTH_DEFAULT} tokens are assumed`,
      );
    }
    models.set(entry.name, { offer: toOffer(entry, { features, honoured, file }), honoured });
  }
  return { backend, models, warnings };
}

function readModels(value: unknown, path: string): ModelEntry[] {
  const form = '{ models: [{ name: "my-model" }] }';
  if (!Array.isArray(value) || value.length === 0) {
    throw wrong(path, `"models" of what createBackend returns is no list of models`, form);
  }
  if (value.length > UPSTREAM_MODELS_MAX) {
    throw wrong(path, "models has too many entries", `at most ${UPSTREAM_MODELS_MAX}`);
  }
  return value.map((it: unknown, index) => {
    const parsed = modelSchema.safeParse(it);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const place = [`models[${index}]`, ...(issue?.path ?? [])].join(".");
    throw wrong(path, `${place}: ${issue?.message ?? "cannot be read"}`, form);
  });
}

function readFeatures(
  { features }: ModelEntry,
  { backend, path, index }: { backend: CustomBackend; path: string; index: number },
): CustomFeature[] {
  const missing = (feature: CustomFeature) =>
    FUNCTIONS[feature].find((name) => backend[name] === undefined);
  const found = features ?? FEATURES.filter((feature) => missing(feature) === undefined);
  for (const feature of found) {
    const name = missing(feature);
    if (name === undefined) continue;
    const what = `models[${index}] has the feature "${feature}", and createBackend returns no "${name}"`;
    throw wrong(path, what, `${name}(…) {…}`);
  }
  const isOfUse = found.some((feature) => feature !== "tokenize");
  if (isOfUse) return found;
  throw wrong(
    path,
    "createBackend returns nothing that answers",
    "async *generate(request, signal) {…}",
  );
}

type Known = { features: CustomFeature[]; honoured: ReadonlySet<RequestField>; file: string };

function toOffer(entry: ModelEntry, { features, honoured, file }: Known): ModelOffer {
  const { name, contextLength, build, price, isAnonymousOnly, description } = entry;
  // Options are no part of it: some are secrets, which no hash that others see may hold.
  const parts = build === undefined ? [file, name] : [build];
  return {
    name,
    build: createHash("sha256")
      .update(JSON.stringify(["custom", ...parts]))
      .digest("hex"),
    contextLength: contextLength ?? UPSTREAM_CONTEXT_LENGTH_DEFAULT,
    features: [...features, ...impliedFeatures(honoured)],
    fields: REQUEST_FIELDS.filter((field) => honoured.has(field)),
    ...(price !== undefined && { price }),
    ...(isAnonymousOnly && { isAnonymousOnly }),
    description,
  };
}

function wrong(path: string, what: string, form: string): StartError {
  return new StartError({
    message: `${path}: ${what}.`,
    remedy: `It should be ${form}; docs/how-to/write-your-own-backend.md has an example.`,
  });
}
