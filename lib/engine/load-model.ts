import { assert } from "@/lib/util/assert";
import { StartError } from "@/lib/util/start-error";
import { createRunner, type ReadyRunner } from "./create-runner";
import { onDevice } from "./device-check";
import type { AdapterSource } from "./lora/load-adapter";
import { type LoadedAdapter, loadAdapters, measureAdapters } from "./lora/load-adapters";
import {
  cacheBytesOf,
  growingBytesOf,
  type MemoryNeed,
  type MemoryPlan,
  planMemory,
  scoreBytesOf,
} from "./memory-plan";
import type { GraphHints } from "./onnx/adapt-graph";
import type { Device } from "./onnx/device";
import type { GraphSession } from "./onnx/graph-session";
import { type GraphSignature, readGraphSignature } from "./onnx/graph-signature";
import { findWindow, type GenerationConfig, type ModelConfig } from "./onnx/model-config";
import { BUILT_FORM, type ModelFiles, readModelFiles, type WeightFile } from "./onnx/model-files";
import { openGraphSession } from "./onnx/open-session";
import { prepareGraph } from "./onnx/prepare-graph";
import { NEUTRAL_SAMPLING, type SamplingParameters } from "./sampling/sampling-parameters";
import { ChatTemplate } from "./text/chat-template";
import { applyTemplate, chooseTemplate, type TemplateChoice } from "./text/choose-template";
import { TokenBytes } from "./text/token-bytes";
import { Tokenizer } from "./text/tokenizer";

export type KvDtype = "float32" | "float16";

export type LoadModelOptions = {
  threadCount: number;
  /** Sequences at once: rows of the KV cache. Others wait. */
  slotCount: number;
  /** Whether fewer slots will do where memory is short; unless given they will. */
  mayRunFewerSlots?: boolean | undefined;
  /** Tokens of context to serve; unless given, all that the model has. */
  contextLengthMax?: number | undefined;
  /** What the cache must hold; unless given, what the graph declares. */
  kvDtype?: KvDtype | undefined;
  /** Serve a form whose answers depend on who else is served. */
  mayVaryWithBatch?: boolean | undefined;
  /** Where graphs with our reductions are kept; unless given, a folder of the system's temporary one. */
  graphCacheFolder?: string | undefined;
  /** Memory to make do with; unless given, the container's or the machine's. */
  memoryBytes?: number | undefined;
  /** The weights to take; unless given, the most exact ones in the folder (`model-files.ts`). */
  weightFile?: WeightFile | undefined;
  /** Which way to call onnxruntime; unless given, the fast one where it works. */
  sessionKind?: GraphSession["kind"] | undefined;
  /** What runs the operators; unless given, the CPU. */
  device?: Device | undefined;
  /** Adapters to serve over the model, each under a name of its own. */
  adapters?: readonly AdapterSource[] | undefined;
  /** A name or a path instead of the model's own template (`choose-template.ts`). */
  chatTemplate?: string | undefined;
};

/** A model ready to run: its files read, its graph opened, its text rules built. */
export type LoadedModel = ReadyRunner & {
  files: ModelFiles;
  /** Tokens of prompt and answer together. */
  contextLength: number;
  memory: MemoryPlan;
  /** By the name that each is asked for by. */
  adapters: ReadonlyMap<string, LoadedAdapter>;
  tokenizer: Tokenizer;
  tokenBytes: TokenBytes;
  chatTemplate: ChatTemplate;
  /** Where that is from. */
  template: TemplateChoice;
  /** What the model's own settings give to a request that says nothing. */
  samplingDefaults: Omit<SamplingParameters, "seed">;
  /** Oddities that do not keep it from being served, for the log. */
  warnings: string[];
};

/**
 * Loads a model folder.
 *
 * @throws StartError that names the file at fault and what to do.
 */
export async function loadModel(folder: string, options: LoadModelOptions): Promise<LoadedModel> {
  const found = await readModelFiles(folder, options.weightFile, options.contextLengthMax);
  const template = await chooseTemplate(found, options.chatTemplate);
  const files = applyTemplate(found, template);
  const contextLength = settleContextLength(files, options.contextLengthMax);
  const tokenizer = createTokenizer(files);
  const tokenBytes = new TokenBytes(files.tokenizer);
  const chatTemplate = new ChatTemplate(template.source, files.tokenizerConfig);
  const templateFault = readFault(chatTemplate, options.chatTemplate);
  const { slotCount, memoryBytes, mayRunFewerSlots: mayRunFewer = true } = options;
  const sources = options.adapters ?? [];
  const weightBytes = files.weightBytes + (await measureAdapters(sources));
  const need = { weightBytes, slotCount, mayRunFewer };
  // Before the graph is read: a container that runs out of memory is killed without a word.
  planMemory({ ...need, sequenceBytes: 0 }, memoryBytes);
  const opened =
    (await openRunner(files, { options, need, contextLength, mayFuse: true })) ??
    (await openRunner(files, { options, need, contextLength, mayFuse: false }));
  assert(opened, "a graph as it was published is served or refused");
  const { graph, note, ...loaded } = opened;
  const notes = [loaded.memory.warning, note, ...graph.warnings].filter((it) => it !== undefined);
  const isNamed = files.weightForm !== BUILT_FORM;
  return {
    files: isNamed ? files : { ...files, weightForm: graph.facts.weightForm },
    contextLength,
    ...loaded,
    tokenizer,
    tokenBytes,
    ...{ chatTemplate, template },
    samplingDefaults: toSamplingDefaults(files.generationConfig),
    warnings: [...listWarnings(files, template), ...templateFault, ...notes, ...loaded.form.limits],
  };
}

type OpenNeeds = {
  options: LoadModelOptions;
  need: Omit<MemoryNeed, "sequenceBytes">;
  contextLength: number;
  /** Whether attention in plain operators may be replaced. */
  mayFuse: boolean;
};

/**
 * Prepares the graph, loads it and finds out what it can do; undefined where it does not work with its
 * attention replaced, which trying each layer by itself is to rule out.
 */
async function openRunner(files: ModelFiles, needs: OpenNeeds) {
  const { options, need, contextLength, mayFuse } = needs;
  const graph = await prepareGraph({
    weightPath: files.weightPath,
    hints: { ...hintsOf(files, contextLength), mayFuse },
    cacheFolder: options.graphCacheFolder,
  });
  const opening = openGraphSession(graph.bytes, {
    source: files.weightPath,
    threadCount: options.threadCount,
    externalDataFolder: graph.externalDataFolder,
    ...(options.sessionKind ? { prefer: options.sessionKind } : {}),
    ...(options.device ? { device: options.device } : {}),
  });
  const opened = graph.facts.isFused ? await opening.catch(() => undefined) : await opening;
  if (!opened) return undefined;
  const { session, note } = opened;
  const loaded = await closeOnFailure(session, async () => {
    const signature = readGraphSignature(session, graph.facts, headsOf(files.config));
    expectKvDtype(signature.cacheSlots, options.kvDtype);
    const sources = options.adapters ?? [];
    const cacheNeed = needOfCache(signature, {
      ...{ contextLength, isInPlace: graph.facts.isInPlaceKv, hasAdapters: sources.length > 0 },
      headCount: hintsOf(files, contextLength).headCount,
    });
    const memory = planMemory({ ...need, ...cacheNeed }, options.memoryBytes);
    const check = {
      ...{ device: options.device, source: files.weightPath },
      isWholeBatchScaled: graph.facts.batchDependentOperator !== undefined,
    };
    const ready = await onDevice(check, () =>
      createRunner(session, {
        ...{ source: files.weightPath, signature, facts: graph.facts, contextLength },
        hasWindow: (findWindow(files.config) ?? contextLength) < contextLength,
        slotCount: memory.slotCount,
        hasAdapters: sources.length > 0,
        mayVaryWithBatch: options.mayVaryWithBatch ?? false,
        isOnDevice: (options.device ?? "cpu") !== "cpu",
      }),
    );
    if (!ready) return undefined;
    const adapters = await loadAdapters(sources, { session, base: files.name, ...ready });
    return { memory, adapters, ...ready };
  });
  if (loaded) return { graph, note, ...loaded };
  await session.close();
  return undefined;
}

/** What one sequence takes, and what there is once besides the sequences. */
function needOfCache(
  { cacheSlots, hiddenSize }: GraphSignature,
  of: {
    contextLength: number;
    isInPlace: boolean;
    hasAdapters: boolean;
    headCount: number | undefined;
  },
): Pick<MemoryNeed, "sequenceBytes" | "sharedBytes"> {
  const { contextLength, isInPlace, hasAdapters, headCount } = of;
  const rowBytes = cacheBytesOf(cacheSlots, contextLength);
  const embedsTexts = hiddenSize !== undefined;
  if (isInPlace) {
    // The row that a text lies in while it is read for its vector, and the one behind the last of all that
    // fills up passes with adapters.
    const spareRows = Number(embedsTexts) + Number(hasAdapters);
    return { sequenceBytes: rowBytes, sharedBytes: spareRows * rowBytes };
  }
  // The window that prompts are read through; a text has a row and a window of its own.
  const spareRows = 1 + (embedsTexts ? 2 : 0);
  const sequenceBytes = growingBytesOf(cacheSlots, contextLength);
  const scoreBytes = scoreBytesOf(cacheSlots, contextLength, headCount);
  return { sequenceBytes, sharedBytes: spareRows * rowBytes + scoreBytes };
}

function settleContextLength(files: ModelFiles, asked: number | undefined): number {
  if (asked === undefined) return files.contextLength;
  if (asked >= 2 && asked <= files.contextLength) return asked;
  throw new StartError({
    message: `${files.name} cannot serve a context of ${asked} tokens: it was trained to read ${files.contextLength}.`,
    remedy: `Give --max-model-len a number from 2 to ${files.contextLength}, or leave it out.`,
  });
}

function expectKvDtype(slots: readonly { dtype: KvDtype }[], asked: KvDtype | undefined): void {
  const other = slots.find((slot) => asked !== undefined && slot.dtype !== asked);
  if (!other) return;
  throw new StartError({
    message: `The KV cache cannot be ${asked}: this graph computes with ${other.dtype}, and its attention reads the cache as it is.`,
    remedy: `Leave --kv-dtype out, or take a form of the model that was exported with ${asked}.`,
  });
}

/** What a graph does not say of itself. */
function hintsOf({ config, tensorNames }: ModelFiles, contextLength: number): GraphHints {
  const { headCount: kvHeadCount, headSize } = headsOf(config);
  const headCount = config.num_attention_heads ?? config.n_head ?? undefined;
  const window = findWindow(config);
  return { tensorNames, headCount, kvHeadCount, headSize, contextLength, window };
}

/** Head count and size by config.json, for graphs that leave those dimensions symbolic. */
function headsOf(config: ModelConfig) {
  const headCount = config.num_attention_heads ?? config.n_head ?? undefined;
  const width = config.hidden_size ?? config.n_embd;
  const perHead = width && headCount ? width / headCount : undefined;
  return {
    headCount: config.num_key_value_heads ?? headCount,
    headSize: config.head_dim ?? perHead,
  };
}

/** A graph that cannot be served gives its memory back, which no collector does for it. */
async function closeOnFailure<T>(session: GraphSession, build: () => Promise<T>): Promise<T> {
  try {
    return await build();
  } catch (error) {
    await session.close();
    throw error;
  }
}

function toSamplingDefaults(config: GenerationConfig): Omit<SamplingParameters, "seed"> {
  return {
    ...NEUTRAL_SAMPLING,
    temperature: config.do_sample === false ? 0 : (config.temperature ?? 1),
    topK: config.top_k ?? 0,
    topP: config.top_p ?? 1,
    minP: config.min_p ?? 0,
    repetitionPenalty: config.repetition_penalty ?? 1,
  };
}

function createTokenizer(files: ModelFiles): Tokenizer {
  try {
    return new Tokenizer(files.tokenizer, files.tokenizerConfig);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError({
      message: `${files.folder}/tokenizer.json cannot be used: ${reason}`,
      remedy: "Copy the file again, or use a model with a BPE or Unigram tokenizer.",
      cause,
    });
  }
}

/**
 * What a template that makes no prompts is to its operator: of the model's own a warning, since some want what
 * requests may yet bring.
 *
 * @throws StartError for one that was asked for.
 */
function readFault({ fault }: ChatTemplate, asked: string | undefined): string[] {
  if (fault === undefined) return [];
  const remedy = "Name another one with --chat-template: `parley models templates` lists them.";
  const message = `The chat template makes no prompt of a plain question: ${fault.replace(/\.$/, "")}.`;
  if (asked !== undefined) throw new StartError({ message, remedy });
  return [`${message} ${remedy}`];
}

function listWarnings(files: ModelFiles, template: TemplateChoice): string[] {
  const warnings: string[] = [];
  if (template.warning !== undefined) warnings.push(template.warning);
  if (files.endTokenIds.length === 0) {
    warnings.push(
      "No end token (eos_token_id in generation_config.json or config.json): every answer runs until its length is used up.",
    );
  }
  return warnings;
}
