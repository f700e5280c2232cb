import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import * as z from "zod";
import { REPETITION_PENALTY_MAX } from "@/lib/limits";
import { StartError } from "@/lib/util/start-error";
import { findChatTemplate } from "../text/chat-template";
import {
  type TokenizerConfig,
  type TokenizerJson,
  tokenizerConfigSchema,
  tokenizerJsonSchema,
} from "../text/tokenizer-schema";

/**
 * A model folder in the hub's layout, read and checked:
 *
 *     config.json              sizes, context length
 *     generation_config.json   end tokens and the model's own sampling (may be missing)
 *     tokenizer.json           vocabulary
 *     tokenizer_config.json    names of control tokens, chat template (may be missing)
 *     chat_template.jinja      chat template; wins over the one in tokenizer_config.json
 *     onnx/model*.onnx         weights, in one or more forms
 *
 * Which weights: unless told, the first of `WEIGHT_FORMS` that is there, so the most exact one. A
 * small model loses nothing by it, and a folder of a large model usually holds the form to be served
 * alone. Half precision comes after the integer forms because the CPU kernels widen it on each use.
 */
export const WEIGHT_FORMS = [
  { file: "model.onnx", form: "fp32" },
  { file: "model_q8.onnx", form: "q8" },
  { file: "model_int8.onnx", form: "int8" },
  { file: "model_quantized.onnx", form: "int8" },
  { file: "model_q4.onnx", form: "q4" },
  { file: "model_fp16.onnx", form: "fp16" },
  { file: "model_q4f16.onnx", form: "q4f16" },
] as const;

export type WeightFile = (typeof WEIGHT_FORMS)[number]["file"];

const endTokenSchema = z.union([z.number().int(), z.array(z.number().int())]).nullish();
const sizeSchema = z.number().int().positive().nullish();

const configSchema = z.looseObject({
  max_position_embeddings: sizeSchema,
  /** GPT-2's name for the same. */
  n_positions: sizeSchema,
  eos_token_id: endTokenSchema,
  hidden_size: sizeSchema,
  head_dim: sizeSchema,
  num_attention_heads: sizeSchema,
  num_key_value_heads: sizeSchema,
});

const generationConfigSchema = z.looseObject({
  eos_token_id: endTokenSchema,
  do_sample: z.boolean().nullish(),
  temperature: z.number().min(0).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.number().int().min(0).nullish(),
  min_p: z.number().min(0).lt(1).nullish(),
  /** As far as the protocol takes it from a request. */
  repetition_penalty: z.number().gt(0).max(REPETITION_PENALTY_MAX).nullish(),
});

export type ModelConfig = z.infer<typeof configSchema>;
export type GenerationConfig = z.infer<typeof generationConfigSchema>;

export type ModelFiles = {
  /** The folder's own name. */
  name: string;
  folder: string;
  config: ModelConfig;
  generationConfig: GenerationConfig;
  tokenizer: TokenizerJson;
  tokenizerConfig: TokenizerConfig;
  chatTemplate: string | undefined;
  contextLength: number;
  /** Tokens that end an answer. */
  endTokenIds: number[];
  weightPath: string;
  weightForm: string;
  /** Size of the weights, those beside the graph included. */
  weightBytes: number;
  /** SHA-256 over every file that decides what the model says, hex. */
  build: string;
};

/**
 * Reads the folder.
 *
 * @param weightFile the weights to take; unless given, the rule above chooses.
 * @throws StartError that names the file at fault and what to do.
 */
export async function readModelFiles(folder: string, weightFile?: WeightFile): Promise<ModelFiles> {
  const root = resolve(folder);
  await expectFolder(root);
  const config = await readJson(root, "config.json", configSchema);
  const generationConfig = await readOptionalJson(
    root,
    "generation_config.json",
    generationConfigSchema,
  );
  const tokenizer = await readJson(root, "tokenizer.json", tokenizerJsonSchema);
  const tokenizerConfig = await readOptionalJson(
    root,
    "tokenizer_config.json",
    tokenizerConfigSchema,
  );
  const templateFile = await readIfPresent(join(root, "chat_template.jinja"));
  const weights = await pickWeights(root, weightFile);
  return {
    name: basename(root),
    folder: root,
    config,
    generationConfig,
    tokenizer,
    tokenizerConfig,
    chatTemplate: templateFile?.toString("utf8") ?? findChatTemplate(tokenizerConfig),
    contextLength: getContextLength(root, config),
    endTokenIds: readEndTokens(config, generationConfig, tokenizer, tokenizerConfig),
    weightPath: join(root, "onnx", weights.file),
    weightForm: weights.form,
    weightBytes: await measureWeights(root, weights.file),
    build: await hashFiles(root, weights.file),
  };
}

async function expectFolder(root: string): Promise<void> {
  const found = await stat(root).catch(() => undefined); // Absent and unreadable get the same answer.
  if (found?.isDirectory()) return;
  throw new StartError({
    message: `${root} is not a folder that can be read.`,
    remedy: "Give the path of a model folder (one with config.json and onnx/ in it).",
  });
}

function getContextLength(root: string, config: ModelConfig): number {
  const contextLength = config.max_position_embeddings ?? config.n_positions;
  if (contextLength) return contextLength;
  throw new StartError({
    message: `${join(root, "config.json")} does not say how long the context is.`,
    remedy: "Add max_position_embeddings (the number of tokens the model was trained to read).",
  });
}

/** All that either config names, since each of the two is incomplete somewhere on the hub. */
function readEndTokens(
  config: ModelConfig,
  generationConfig: GenerationConfig,
  tokenizer: TokenizerJson,
  tokenizerConfig: TokenizerConfig,
): number[] {
  const named = tokenizer.added_tokens.find((it) => it.content === tokenizerConfig.eos_token);
  const ids = [config.eos_token_id, generationConfig.eos_token_id, named?.id].flat();
  return [...new Set(ids.filter((id) => id != null))];
}

async function pickWeights(root: string, wanted: WeightFile | undefined) {
  const onnx = join(root, "onnx");
  // An absent onnx/ is told like an empty one.
  const present = await readdir(onnx).catch((): string[] => []);
  const offered = WEIGHT_FORMS.filter((it) => wanted === undefined || it.file === wanted);
  const found = offered.find((it) => present.includes(it.file));
  if (found) return found;
  throw new StartError({
    message: `${onnx} holds no ${offered.map((it) => it.file).join(", ")}.`,
    remedy: "Put the model's ONNX export there (an `onnx/` folder as on the hub).",
  });
}

/** Weights beyond 2 GB lie beside their graph, as `model.onnx_data`, `model.onnx_data_1` and so on. */
async function listWeights(root: string, weightFile: string): Promise<string[]> {
  const inOnnx = await readdir(join(root, "onnx"));
  return inOnnx
    .filter((file) => file === weightFile || file.startsWith(`${weightFile}_data`))
    .sort()
    .map((file) => join("onnx", file));
}

async function measureWeights(root: string, weightFile: string): Promise<number> {
  const names = await listWeights(root, weightFile);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(root, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function hashFiles(root: string, weightFile: string): Promise<string> {
  const names = [
    ...["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"],
    "chat_template.jinja",
    ...(await listWeights(root, weightFile)),
  ];
  const hash = createHash("sha256");
  for (const name of names) {
    const found = await stat(join(root, name)).catch(() => undefined); // An optional file.
    if (!found) continue;
    // Name and size keep two files from passing for one with their bytes moved across the border.
    hash.update(`${name}\0${found.size}\0`);
    for await (const chunk of createReadStream(join(root, name))) hash.update(chunk);
  }
  return hash.digest("hex");
}

async function readJson<T>(root: string, name: string, schema: z.ZodType<T>): Promise<T> {
  const path = join(root, name);
  const bytes = await readIfPresent(path);
  if (bytes !== undefined) return parseJson(path, bytes.toString("utf8"), schema);
  throw new StartError({
    message: `${path} is missing.`,
    remedy: "Copy the whole model folder from where it came from.",
  });
}

async function readOptionalJson<T>(root: string, name: string, schema: z.ZodType<T>): Promise<T> {
  const path = join(root, name);
  const bytes = await readIfPresent(path);
  return parseJson(path, bytes?.toString("utf8") ?? "{}", schema);
}

function parseJson<T>(path: string, text: string, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw broken(path, "it is not valid JSON", cause);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw broken(path, `${issue?.path.join(".") || "its content"}: ${issue?.message}`, parsed.error);
}

async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    const isAbsent = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (isAbsent) return undefined;
    throw broken(path, "it cannot be read", cause);
  }
}

function broken(path: string, what: string, cause: unknown): StartError {
  return new StartError({
    message: `${path}: ${what}.`,
    remedy: "Copy the file again from where the model came from.",
    cause,
  });
}
