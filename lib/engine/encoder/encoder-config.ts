import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import * as z from "zod";
import { StartError } from "@/lib/util/start-error";
import type { ModelFiles } from "../onnx/model-files";
import { type DenseLayer, readDenseLayer } from "./dense-layer";
import { POOLING_MODES, type PoolingMode } from "./pooling";

/**
 * What the files beside a graph say about how it is to be read: `config.json`, `tokenizer_config.json`
 * and those that sentence-transformers writes (`modules.json`, `1_Pooling/config.json`,
 * `sentence_bert_config.json`). Prompts for queries and passages (`config_sentence_transformers.json`)
 * are not applied: whoever asks writes them.
 */
export type EncoderConfig = {
  /** Tokens of a text, control tokens included. */
  contextLength: number;
  /** What fills up the shorter rows of a pass. */
  padId: number;
  /** Kinds of text that the model tells apart; 1 for one that does not. */
  typeCount: number;
  vocabularySize: number | undefined;
  /** Whether texts are put in lower case before all else. */
  lowers: boolean;
  /** As its makers state it; undefined where they do not. */
  pooling: readonly PoolingMode[] | undefined;
  /** Layers after the pooling, in order. */
  dense: readonly DenseLayer[];
  /** Of a family whose vectors are taken from the last token. */
  isCausal: boolean;
  /** Names of a classifier's outputs by their place, as far as there are any: files leave some out. */
  labels: ReadonlyMap<number, string>;
  isMultiLabel: boolean;
  /** Files besides those of `ModelFiles` that decide what the model gives. */
  ownFiles: readonly string[];
};

const sizeSchema = z.number().int().positive().nullish();
const configSchema = z.looseObject({
  model_type: z.string().nullish(),
  max_position_embeddings: sizeSchema,
  pad_token_id: z.number().int().min(0).nullish(),
  type_vocab_size: z.number().int().min(0).nullish(),
  vocab_size: sizeSchema,
  id2label: z.record(z.string(), z.string()).nullish(),
  problem_type: z.string().nullish(),
});
const modulesSchema = z.array(z.looseObject({ path: z.string(), type: z.string() }));
const sentenceSchema = z.looseObject({
  max_seq_length: sizeSchema,
  do_lower_case: z.boolean().nullish(),
});
const poolingSchema = z.looseObject({
  pooling_mode: z.union([z.string(), z.array(z.string())]).nullish(),
});

/** Their first position is the one after the padding's: the table has so many rows that no text uses. */
const COUNTS_FROM_PADDING = new Set([
  ...["roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "roberta-prelayernorm", "ibert"],
  ...["mpnet", "longformer", "data2vec-text", "xmod", "lilt", "esm"],
]);
/**
 * Decoders whose makers and fine-tuners take the vector from the last token (Qwen3-Embedding, gte-Qwen2,
 * e5-mistral and those after them) when no `modules.json` says so. EmbeddingGemma takes the mean.
 */
const POOLS_LAST = new Set(["qwen2", "qwen3", "mistral", "llama"]);
/** Tokenizers without a limit of their own write 1e30. */
const LENGTH_MAX = 1e9;

/** The place of an output: no classifier has a million. */
const PLACE = /^\d{1,6}$/;

const MODULES = "modules.json";
const SENTENCE = "sentence_bert_config.json";

/** @throws StartError that names the file at fault and what to do. */
export async function readEncoderConfig(files: ModelFiles): Promise<EncoderConfig> {
  const { folder } = files;
  const config = parse(configSchema, files.config, join(folder, "config.json"));
  const sentence = (await readJson(folder, SENTENCE, sentenceSchema)) ?? {};
  const modules = await readModules(folder);
  const modelType = config.model_type ?? "";
  const labels = Object.entries(config.id2label ?? {})
    .filter(([place]) => PLACE.test(place))
    .map(([place, label]) => [Number(place), label] as const);
  const named = files.tokenizer.added_tokens.find(
    (it) => it.content === files.tokenizerConfig.pad_token,
  );
  const padId = config.pad_token_id ?? named?.id ?? 0;
  return {
    contextLength: settleLength(files, { config, sentenceLength: sentence.max_seq_length, padId }),
    padId,
    // Only graphs that take types ask: their family is BERT's, which has two unless it says otherwise.
    typeCount: Math.max(1, config.type_vocab_size ?? 2),
    vocabularySize: config.vocab_size ?? undefined,
    lowers: sentence.do_lower_case === true,
    pooling: modules.pooling,
    dense: modules.dense,
    isCausal: POOLS_LAST.has(modelType),
    labels: new Map(labels),
    isMultiLabel: config.problem_type === "multi_label_classification",
    ownFiles: [MODULES, SENTENCE, ...modules.files],
  };
}

/** The shortest that any of the files states. */
function settleLength(
  files: ModelFiles,
  from: {
    config: z.infer<typeof configSchema>;
    sentenceLength: number | null | undefined;
    padId: number;
  },
): number {
  const { config, sentenceLength, padId } = from;
  const offset = COUNTS_FROM_PADDING.has(config.model_type ?? "") ? padId + 1 : 0;
  const ofTokenizer = files.tokenizerConfig.model_max_length;
  const stated = [
    files.contextLength - offset,
    typeof ofTokenizer === "number" && ofTokenizer < LENGTH_MAX ? Math.floor(ofTokenizer) : null,
    sentenceLength,
  ];
  return Math.min(...stated.filter((it) => it != null && it > 0).map(Number));
}

type Modules = { pooling: PoolingMode[] | undefined; dense: DenseLayer[]; files: string[] };

async function readModules(folder: string): Promise<Modules> {
  const modules = await readJson(folder, MODULES, modulesSchema);
  const found: Modules = { pooling: undefined, dense: [], files: [] };
  for (const { path, type } of modules ?? []) {
    const kind = type.split(".").at(-1);
    expectInside(folder, path);
    if (kind === "Pooling") {
      found.pooling = await readPooling(folder, path);
      found.files.push(join(path, "config.json"));
    } else if (kind === "Dense") {
      const { layer, files } = await readDenseLayer(folder, path);
      found.dense.push(layer);
      found.files.push(...files);
    } else if (kind !== "Transformer" && kind !== "Normalize" && kind !== "Dropout") {
      // Vectors are always scaled to length one, and nothing drops out of a model that is not trained.
      throw new StartError({
        message: `${join(folder, MODULES)}: the module ${kind} cannot be applied.`,
        remedy: "Use a model of Transformer, Pooling, Dense and Normalize modules.",
      });
    }
  }
  return found;
}

/** A path that leads out of the folder would read any file of the operator's, and tell what is there. */
function expectInside(folder: string, path: string): void {
  if (!isAbsolute(path) && !path.split(/[\\/]/).includes("..")) return;
  throw new StartError({
    message: `${join(folder, MODULES)}: the path ${path} leads out of the model's folder.`,
    remedy: "Copy the whole model folder again from where it came from.",
  });
}

async function readPooling(folder: string, path: string): Promise<PoolingMode[]> {
  const name = join(path, "config.json");
  const config = await readJson(folder, name, poolingSchema);
  if (!config) throw missing(join(folder, name));
  // Older files have a switch for each way, newer ones the name of the way.
  const named = [config.pooling_mode ?? []].flat();
  const suffix = (mode: PoolingMode) =>
    mode === "mean_sqrt_len" ? "mean_sqrt_len_tokens" : toSwitch(mode);
  const modes = POOLING_MODES.filter(
    (mode) => named.includes(mode) || config[`pooling_mode_${suffix(mode)}`] === true,
  );
  if (modes.length > 0) return modes;
  throw new StartError({
    message: `${join(folder, name)} names no way of pooling that is known here.`,
    remedy: `Use one of ${POOLING_MODES.join(", ")}.`,
  });
}

function toSwitch(mode: Exclude<PoolingMode, "mean_sqrt_len">): string {
  return mode === "cls" || mode === "lasttoken"
    ? mode.replace("cls", "cls_token")
    : `${mode}_tokens`;
}

async function readJson<T>(
  folder: string,
  name: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const path = join(folder, name);
  // Each of these files may be absent; one that cannot be read will not be understood either.
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return parse(schema, JSON.parse(text), path);
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    throw broken(path, "it is not valid JSON", cause);
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const what = `${issue?.path.join(".") || "its content"}: ${issue?.message}`;
  throw broken(path, what, parsed.error);
}

function broken(path: string, what: string, cause: unknown): StartError {
  return new StartError({
    message: `${path}: ${what}.`,
    remedy: "Copy the file again from where the model came from.",
    cause,
  });
}

function missing(path: string): StartError {
  return new StartError({
    message: `${path} is missing.`,
    remedy: "Copy the whole model folder from where it came from.",
  });
}
