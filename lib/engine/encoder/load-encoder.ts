import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { StartError } from "@/lib/util/start-error";
import type { LoadModelOptions } from "../load-model";
import { type ModelFiles, readModelFiles } from "../onnx/model-files";
import { decodeModel } from "../onnx/onnx-model";
import { openGraphSession } from "../onnx/open-session";
import { prepareGraph } from "../onnx/prepare-graph";
import { type EncoderConfig, readEncoderConfig } from "./encoder-config";
import { type EncoderMemory, planEncoderMemory } from "./encoder-memory";
import { EncoderRunner } from "./encoder-runner";
import { type EncoderOutput, type EncoderSizes, readEncoderSignature } from "./encoder-signature";
import { EncoderTokenizer } from "./encoder-tokenizer";
import type { PoolingMode } from "./pooling";
import { pickLengthStep } from "./row-length";
import { countSpecial } from "./special-tokens";
import { tryPasses } from "./try-passes";

export type LoadEncoderOptions = Pick<
  LoadModelOptions,
  | ("threadCount" | "contextLengthMax" | "mayVaryWithBatch" | "graphCacheFolder")
  | ("memoryBytes" | "weightFile" | "sessionKind" | "device")
>;

/** A graph that reads, ready to run. */
export type LoadedEncoder = {
  files: ModelFiles;
  config: EncoderConfig;
  /** SHA-256 over every file that decides what the model gives, hex. */
  build: string;
  /** Tokens of a text, control tokens included. */
  contextLength: number;
  /** Ids go from 0 to one below. */
  vocabularySize: number;
  tokenizer: EncoderTokenizer;
  runner: EncoderRunner;
  /** Texts that may share a pass: one where they would change each other's numbers. */
  rowsMax: number;
  /** What row lengths are multiples of. */
  lengthStep: number;
  /** Whether rows of different length may share a pass. */
  mayMixLengths: boolean;
  /** False where a text's numbers depend on who else is served. */
  isBatchInvariant: boolean;
  /** Labels of a classifier, one an output. */
  labels: readonly string[];
  /** What the graph was found to be, and how it is read; a sentence for people. */
  form: string;
  memory: { bytes: number; summary: string };
  /** Oddities that do not keep it from being served, for the log. */
  warnings: string[];
};

/** What is no size under one of these names is something else by that name. */
const sizeSchema = z.number().int().positive().nullish().catch(undefined);
const sizesSchema = z.looseObject({
  num_labels: sizeSchema,
  intermediate_size: sizeSchema,
  /** Other families' names: DistilBERT's, nomic-bert's, T5's and BART's. */
  ...{ dim: sizeSchema, n_heads: sizeSchema, hidden_dim: sizeSchema },
  ...{ n_inner: sizeSchema, d_model: sizeSchema },
  ...{ num_heads: sizeSchema, d_ff: sizeSchema, encoder_ffn_dim: sizeSchema },
});

/**
 * Loads the folder of an encoder, a cross-encoder or a classifier.
 *
 * @throws StartError that names the file at fault and what to do.
 */
export async function loadEncoder(
  folder: string,
  options: LoadEncoderOptions,
): Promise<LoadedEncoder> {
  const { contextLengthMax: lengthAsked, memoryBytes } = options;
  const files = await readModelFiles(folder, options.weightFile, lengthAsked);
  const config = await readEncoderConfig(files);
  const lengthWanted = settleContextLength(files.name, config, lengthAsked);
  const memory = planMemory(files, lengthWanted, { memoryBytes, mayReadLess: !lengthAsked });
  const { contextLength } = memory;
  const tokenizer = createTokenizer(files, config);
  expectRoom(files, tokenizer, contextLength);
  const graph = await prepareGraph({
    weightPath: files.weightPath,
    cacheFolder: options.graphCacheFolder,
  });
  const { session, note } = await openGraphSession(graph.bytes, {
    source: files.weightPath,
    threadCount: options.threadCount,
    externalDataFolder: graph.externalDataFolder,
    ...(options.sessionKind ? { prefer: options.sessionKind } : {}),
    ...(options.device ? { device: options.device } : {}),
  });
  try {
    const signature = readEncoderSignature(session, sizesOf(files, config));
    const { pooling, warning } = pickPooling(config, signature.output.kind, signature.pasts.length);
    expectDense(files, config, signature.output, pooling.length);
    const build = await hashBuild(files, config.ownFiles);
    const isShared = graph.facts.batchDependentOperator !== undefined;
    const mayVary = isShared && options.mayVaryWithBatch === true;
    const { padId, typeCount } = config;
    const { takesMask } = signature;
    const isOneByOne = signature.hasOneRow || (isShared && !mayVary);
    const rowsMax = isOneByOne ? 1 : Number.POSITIVE_INFINITY;
    // A graph that is told of no padding gets none, nor one in which padding would have a part in the scale.
    const isPadded = takesMask && rowsMax > 1;
    const lengthStep = isPadded ? pickLengthStep(decodeModel(graph.bytes).graph) : 1;
    const rowOptions = { pooling, padId, typeCount, lengthStep, contextLength };
    const vocabularySize = config.vocabularySize ?? tokenizer.vocabularySize;
    const { kind, size } = signature.output;
    const { single, pair } = tokenizer.special;
    // Last: what fails from here on would find the session in use.
    const runner = new EncoderRunner(session, signature, rowOptions);
    await tryPasses(runner, {
      ...{ source: files.weightPath, contextLength, vocabularySize, isShared: isPadded },
      ...{ parts: kind === "labels" && size === 1 ? pair : single, device: options.device },
    });
    return {
      ...{ files, config, build, contextLength, tokenizer, runner, memory },
      lengthStep,
      mayMixLengths: takesMask && lengthStep === 1,
      form: describeForm(signature.output, pooling),
      vocabularySize,
      rowsMax,
      isBatchInvariant: !mayVary,
      labels: listLabels(config, signature.output),
      warnings: [memory.warning, warning, note, ...graph.warnings].filter((it) => it !== undefined),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

function settleContextLength(
  name: string,
  { contextLength }: EncoderConfig,
  asked: number | undefined,
): number {
  if (asked === undefined) return contextLength;
  if (asked >= 2 && asked <= contextLength) return asked;
  throw new StartError({
    message: `${name} cannot read texts of ${asked} tokens: it was made for ${contextLength}.`,
    remedy: `Give --max-model-len a number from 2 to ${contextLength}, or leave it out.`,
  });
}

function createTokenizer(files: ModelFiles, { lowers }: EncoderConfig): EncoderTokenizer {
  try {
    return new EncoderTokenizer(files.tokenizer, files.tokenizerConfig, { lowers });
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError({
      message: `${files.folder}/tokenizer.json cannot be used: ${reason}`,
      remedy: "Copy the file again, or use a model with a WordPiece, BPE or Unigram tokenizer.",
      cause,
    });
  }
}

function expectRoom(files: ModelFiles, tokenizer: EncoderTokenizer, contextLength: number): void {
  const specialCount = countSpecial(tokenizer.special.pair);
  if (contextLength > specialCount + 1) return;
  throw new StartError({
    message: `${files.name} reads ${contextLength} tokens, of which ${specialCount} are control tokens: that leaves no room for text.`,
    remedy: "Raise --max-model-len, or check max_position_embeddings and model_max_length.",
  });
}

function planMemory(
  { config, weightBytes }: ModelFiles,
  contextLength: number,
  options: { memoryBytes: number | undefined; mayReadLess: boolean },
): EncoderMemory {
  const { hiddenSize = HIDDEN_SIZE_MAX, headCount, innerSize } = readSizes(config);
  const { memoryBytes, mayReadLess } = options;
  return planEncoderMemory(
    {
      ...{ weightBytes, hiddenSize, contextLength, mayReadLess },
      headCount: headCount ?? Math.ceil(hiddenSize / HEAD_SIZE),
      innerSize: innerSize ?? 4 * hiddenSize,
    },
    memoryBytes,
  );
}

/** Of most large encoders, for a folder that states nothing: a plan that is too small ends the process. */
const HIDDEN_SIZE_MAX = 1_024;
/** Of nearly all encoders. */
const HEAD_SIZE = 64;

function sizesOf({ config }: ModelFiles, { labels }: EncoderConfig): EncoderSizes {
  const { hiddenSize, headCount, labelCount } = readSizes(config);
  const perHead = hiddenSize && headCount ? hiddenSize / headCount : undefined;
  return {
    hiddenSize,
    // Of a map with gaps the highest place counts.
    labelCount: labels.size ? Math.max(...labels.keys()) + 1 : labelCount,
    headCount: config.num_key_value_heads ?? headCount,
    headSize: config.head_dim ?? perHead,
  };
}

/** Sizes under whichever name config.json has them. */
function readSizes(config: ModelFiles["config"]) {
  const sizes = sizesSchema.parse(config);
  const { hidden_size, num_attention_heads, n_embd, n_head } = config;
  return {
    hiddenSize: hidden_size ?? n_embd ?? sizes.dim ?? sizes.d_model ?? undefined,
    headCount: num_attention_heads ?? n_head ?? sizes.n_heads ?? sizes.num_heads ?? undefined,
    innerSize:
      sizes.intermediate_size ??
      sizes.n_inner ??
      sizes.hidden_dim ??
      sizes.encoder_ffn_dim ??
      sizes.d_ff ??
      undefined,
    labelCount: sizes.num_labels ?? undefined,
  };
}

function pickPooling(
  config: EncoderConfig,
  kind: "tokens" | "text" | "labels",
  pastCount: number,
): { pooling: readonly PoolingMode[]; warning: string | undefined } {
  if (kind !== "tokens") return { pooling: ["mean"], warning: undefined };
  if (config.pooling) return { pooling: config.pooling, warning: undefined };
  const isLast = config.isCausal || pastCount > 0;
  const mode = isLast ? "lasttoken" : "mean";
  const warning = `No modules.json says how vectors are made of the tokens' states: the ${isLast ? "last token's" : "mean"} is taken, which a model trained for another way answers badly.`;
  return { pooling: [mode], warning };
}

function describeForm({ name, kind }: EncoderOutput, pooling: readonly PoolingMode[]): string {
  if (kind === "text") return `An encoder; its own ${name} is taken.`;
  if (kind === "labels") return "A classifier of whole texts, or of pairs.";
  return `An encoder; its ${name} is pooled by ${pooling.join(" and ")}.`;
}

function expectDense(
  files: ModelFiles,
  { dense }: EncoderConfig,
  output: EncoderOutput,
  poolingCount: number,
): void {
  // A graph that gives finished vectors has applied what comes after its tokens.
  if (output.kind !== "tokens") return;
  let size = output.size * poolingCount;
  for (const { inputSize, outputSize } of dense) {
    if (inputSize !== size) {
      throw new StartError({
        message: `${files.folder}: a Dense module reads ${inputSize} numbers where the one before it gives ${size}.`,
        remedy: "Copy the whole model folder again from where it came from.",
      });
    }
    size = outputSize;
  }
}

function listLabels({ labels }: EncoderConfig, { kind, size }: EncoderOutput): string[] {
  if (kind !== "labels") return [];
  return Array.from({ length: size }, (_, index) => labels.get(index) ?? `LABEL_${index}`);
}

async function hashBuild(files: ModelFiles, ownFiles: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(files.build);
  for (const name of ownFiles) {
    // Absent files were not read either.
    const bytes = await readFile(join(files.folder, name)).catch(() => undefined);
    if (bytes) hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex");
}
