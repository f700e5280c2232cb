import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { StartError } from "@/lib/util/start-error";
import { findChatTemplate } from "../text/chat-template";
import {
  type TokenizerConfig,
  type TokenizerJson,
  tokenizerConfigSchema,
  tokenizerJsonSchema,
} from "../text/tokenizer-schema";
import { type GenaiConfig, readGenaiConfig } from "./genai-config";
import { readIfPresent, readJson, readOptionalJson } from "./json-file";
import {
  findContextLength,
  type GenerationConfig,
  generationConfigSchema,
  type ModelConfig,
  readModelConfig,
} from "./model-config";

/**
 * A model folder in the hub's layout, read and checked:
 *
 *     config.json              sizes, context length
 *     generation_config.json   end tokens and the model's own sampling (may be missing)
 *     tokenizer.json           vocabulary
 *     tokenizer_config.json    names of control tokens, chat template (may be missing)
 *     chat_template.jinja      chat template; wins over the one in tokenizer_config.json
 *     onnx/model*.onnx         weights, in one or more forms; or without onnx/, at the root
 *
 * or in that of onnxruntime-genai's model builder, where genai_config.json says what the first two do
 * (they may be there as well) and names the graph beside it.
 *
 * Which weights: unless told, the first of `WEIGHT_FORMS` that is there, so the most exact one. A
 * small model loses nothing by it, and a folder of a large model usually holds the form to be served
 * alone. Half precision comes after the integer forms because the CPU kernels widen it on each use;
 * fewer than four bits come last, because models trained for more lose most by them.
 */
const FORMS = [
  ["", "fp32"],
  ["_q8", "q8"],
  ["_int8", "int8"],
  ["_uint8", "uint8"],
  ["_quantized", "int8"],
  ["_q4", "q4"],
  ["_bnb4", "bnb4"],
  ["_fp16", "fp16"],
  ["_q4f16", "q4f16"],
  ["_q2", "q2"],
  ["_q2f16", "q2f16"],
  ["_q1", "q1"],
  ["_q1f16", "q1f16"],
] as const;

/** Graphs that can be a whole decoder, by the name their forms have in common; merged ones are older. */
const STEMS = ["model", "decoder_model_merged"] as const;

export const WEIGHT_FORMS: readonly { file: string; form: string }[] = STEMS.flatMap((stem) =>
  FORMS.map(([suffix, form]) => ({ file: `${stem}${suffix}.onnx`, form })),
);

/** The form by the name of a graph that the model builder made: every precision has the same name. */
export const BUILT_FORM = "as built";

/** Name of a graph in `onnx/` or at the folder's root. */
export type WeightFile = string;

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
  /** What the graph calls its inputs and outputs, and what it would call them on the hub; only where they differ. */
  tensorNames: ReadonlyMap<string, string>;
  weightForm: string;
  /** Size of the weights, those beside the graph included. */
  weightBytes: number;
  /** SHA-256 over every file that decides what the model says, hex. */
  build: string;
  /** Size of those files. */
  diskBytes: number;
};

/**
 * Reads the folder.
 *
 * @param weightFile the weights to take; unless given, the rule above chooses.
 * @param contextLength what to believe of a model that does not say how much it was trained to read.
 * @throws StartError that names the file at fault and what to do.
 */
export async function readModelFiles(
  folder: string,
  weightFile?: WeightFile,
  contextLength?: number,
): Promise<ModelFiles> {
  const root = resolve(folder);
  await expectFolder(root);
  const genai = await readGenaiConfig(root);
  const { config, generationConfig } = await readConfigs(root, genai);
  const tokenizer = await readJson(root, "tokenizer.json", tokenizerJsonSchema);
  const tokenizerConfig = await readOptionalJson(
    root,
    "tokenizer_config.json",
    tokenizerConfigSchema,
  );
  const templateFile = await readIfPresent(join(root, "chat_template.jinja"));
  const weights = await pickWeights(root, weightFile, genai);
  const isGenai = genai !== undefined && weights.path === join(root, genai.graphFile);
  return {
    name: basename(root),
    folder: root,
    config,
    generationConfig,
    tokenizer,
    tokenizerConfig,
    chatTemplate: templateFile?.toString("utf8") ?? findChatTemplate(tokenizerConfig),
    contextLength: getContextLength(root, { config, genai, asked: contextLength }),
    endTokenIds: readEndTokens(config, generationConfig, tokenizer, tokenizerConfig),
    weightPath: weights.path,
    tensorNames: isGenai ? genai.tensorNames : new Map(),
    weightForm: weights.form,
    weightBytes: await measureWeights(weights.path),
    ...(await hashFiles(root, weights.path)),
  };
}

/** Of a folder that has both layouts' files, what genai_config.json says of its own graph goes before. */
async function readConfigs(root: string, genai: GenaiConfig | undefined) {
  const generationConfig = await readOptionalJson(
    root,
    "generation_config.json",
    generationConfigSchema,
  );
  if (!genai) return { config: await readModelConfig(root), generationConfig };
  const hasConfig = (await readIfPresent(join(root, "config.json"))) !== undefined;
  const config = hasConfig ? await readModelConfig(root) : {};
  return {
    config: overlay(config, genai.config),
    generationConfig: overlay(generationConfig, genai.generationConfig),
  };
}

/** `above` over `below`, where it says anything. */
function overlay<T extends object>(below: T, above: T): T {
  const said = Object.entries(above).filter(([, value]) => value != null);
  return { ...below, ...Object.fromEntries(said) };
}

async function expectFolder(root: string): Promise<void> {
  const found = await stat(root).catch(() => undefined); // Absent and unreadable get the same answer.
  if (found?.isDirectory()) return;
  throw new StartError({
    message: `${root} is not a folder that can be read.`,
    remedy: "Give the path of a model folder (one with config.json and onnx/ in it).",
  });
}

function getContextLength(
  root: string,
  of: { config: ModelConfig; genai: GenaiConfig | undefined; asked: number | undefined },
): number {
  const { config, genai, asked } = of;
  const contextLength = findContextLength(config) ?? asked;
  if (contextLength) return contextLength;
  const [file, field] = genai
    ? ["genai_config.json", "model.context_length"]
    : ["config.json", "max_position_embeddings"];
  throw new StartError({
    message: `${join(root, file)} does not say how long the context is.`,
    remedy: `Add ${field} (the number of tokens the model was trained to read), or give it with --max-model-len.`,
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

async function pickWeights(
  root: string,
  wanted: WeightFile | undefined,
  genai: GenaiConfig | undefined,
): Promise<{ path: string; form: string }> {
  const offered = listOffered(wanted, genai);
  // An absent onnx/ is told like an empty one.
  const inOnnx = await listFiles(join(root, "onnx")).catch((): string[] => []);
  const atRoot = await listFiles(root);
  const named = wanted === undefined && genai?.isGraphNamed ? genai.graphFile : undefined;
  if (named !== undefined && ![...inOnnx, ...atRoot].includes(named)) {
    throw new StartError({
      message: `${join(root, named)} is missing, which genai_config.json names as the graph (model.decoder.filename).`,
      remedy: "Copy the whole model folder again, or name another graph with --weights.",
    });
  }
  const isDecoder = (it: string) =>
    !/^(en|de)coder_(model|with_past)/.test(it) || it.includes("merged");
  for (const { file, form } of offered) {
    // A graph of the model builder's lies at the root, the hub's in onnx/ or, with some, there too.
    const isOfGenai = file === genai?.graphFile;
    if (atRoot.includes(file) && isOfGenai) return { path: join(root, file), form };
    if (inOnnx.includes(file)) return { path: join(root, "onnx", file), form };
    if (atRoot.includes(file)) return { path: join(root, file), form };
  }
  const others = [...inOnnx, ...atRoot].filter((it) => it.endsWith(".onnx"));
  throw noWeights(root, { offered, others, hasOtherKind: others.some((it) => !isDecoder(it)) });
}

/** Names of all that is no folder: a folder may be called model.onnx, too. */
async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((it) => !it.isDirectory()).map((it) => it.name);
}

/** What may be taken, best first. */
function listOffered(wanted: WeightFile | undefined, genai: GenaiConfig | undefined) {
  const toForm = (file: string) =>
    WEIGHT_FORMS.find((it) => it.file === file)?.form ?? basename(file, ".onnx");
  if (wanted !== undefined) return [{ file: wanted, form: toForm(wanted) }];
  // The builder gives every precision the same name.
  const ofGenai = genai ? [{ file: genai.graphFile, form: BUILT_FORM }] : [];
  return [...ofGenai, ...WEIGHT_FORMS];
}

function noWeights(
  root: string,
  found: { offered: { file: string }[]; others: string[]; hasOtherKind: boolean },
): StartError {
  const { offered, others, hasOtherKind } = found;
  const asked =
    offered.length === 1
      ? offered[0]?.file
      : "model.onnx nor another form of it (model_q4.onnx, …)";
  const instead = others.length > 0 ? `; there is ${others.slice(0, 8).join(", ")}` : "";
  if (hasOtherKind) {
    return new StartError({
      message: `${root} holds no decoder graph that stands alone${instead}.`,
      remedy:
        "Models with an encoder, and exports whose first step is a graph of its own, are not served: take one with model.onnx or decoder_model_merged.onnx.",
    });
  }
  return new StartError({
    message: `${join(root, "onnx")} holds no ${asked}, nor does ${root}${instead}.`,
    remedy:
      others.length > 0
        ? "Name one of those with --weights, or put the model's ONNX export there."
        : "Put the model's ONNX export there (an `onnx/` folder as on the hub).",
  });
}

/** Weights beyond 2 GB lie beside their graph, as `model.onnx_data`, `model.onnx_data_1`, `model.onnx.data`. */
async function listWeights(weightPath: string): Promise<string[]> {
  const folder = dirname(weightPath);
  const name = basename(weightPath);
  const isOf = (file: string) =>
    file === name || file.startsWith(`${name}_data`) || file.startsWith(`${name}.data`);
  return (await listFiles(folder))
    .filter(isOf)
    .sort()
    .map((file) => join(folder, file));
}

async function measureWeights(weightPath: string): Promise<number> {
  const paths = await listWeights(weightPath);
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function hashFiles(
  root: string,
  weightPath: string,
): Promise<Pick<ModelFiles, "build" | "diskBytes">> {
  const names = [
    ...["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"],
    ...["chat_template.jinja", "genai_config.json"],
    // With the slashes of one system, so that a folder is the same build on another.
    ...(await listWeights(weightPath)).map((it) => relative(root, it).split(sep).join("/")),
  ];
  const hash = createHash("sha256");
  let diskBytes = 0;
  for (const name of names) {
    const found = await stat(join(root, name)).catch(() => undefined); // An optional file.
    if (!found) continue;
    // Name and size keep two files from passing for one with their bytes moved across the border.
    hash.update(`${name}\0${found.size}\0`);
    diskBytes += found.size;
    for await (const chunk of createReadStream(join(root, name))) hash.update(chunk);
  }
  return { build: hash.digest("hex"), diskBytes };
}
