import type { InferenceSession } from "onnxruntime-node";
import { StartError } from "@/lib/util/start-error";
import { cacheBytesOf, type MemoryPlan, planMemory } from "./memory-plan";
import { ModelRunner } from "./model-runner";
import { readGraphSignature } from "./onnx/graph-signature";
import { type ModelFiles, readModelFiles, type WeightFile } from "./onnx/model-files";
import { openSession } from "./onnx/session";
import { ChatTemplate } from "./text/chat-template";
import { TokenBytes } from "./text/token-bytes";
import { Tokenizer } from "./text/tokenizer";

export type LoadModelOptions = {
  threadCount: number;
  /** Sequences that run interleaved, as far as memory allows; others wait. */
  slotCount: number;
  /** Memory to make do with; unless given, the container's or the machine's. */
  memoryBytes?: number | undefined;
  /** The weights to take; unless given, the most exact ones in the folder (`model-files.ts`). */
  weightFile?: WeightFile | undefined;
};

/** A model ready to run: its files read, its graph opened, its text rules built. */
export type LoadedModel = {
  files: ModelFiles;
  memory: MemoryPlan;
  runner: ModelRunner;
  tokenizer: Tokenizer;
  tokenBytes: TokenBytes;
  chatTemplate: ChatTemplate;
  /** What the model's own settings give to a request that says nothing. */
  samplingDefaults: { temperature: number; topP: number };
  /** Oddities that do not keep it from being served, for the log. */
  warnings: string[];
};

/**
 * Loads a model folder.
 *
 * @throws StartError that names the file at fault and what to do.
 */
export async function loadModel(folder: string, options: LoadModelOptions): Promise<LoadedModel> {
  const files = await readModelFiles(folder, options.weightFile);
  const tokenizer = createTokenizer(files);
  const tokenBytes = new TokenBytes(files.tokenizer);
  const chatTemplate = new ChatTemplate(files.chatTemplate, files.tokenizerConfig);
  // Before the graph is read: a container that runs out of memory is killed without a word.
  const { slotCount, memoryBytes } = options;
  const { weightBytes, contextLength } = files;
  planMemory({ weightBytes, sequenceBytes: 0, slotCount }, memoryBytes);
  const session = await openSession(files.weightPath, { threadCount: options.threadCount });
  const { config, generationConfig } = files;
  const headCount = config.num_attention_heads ?? undefined;
  const signature = readGraphSignature(session, {
    headCount: config.num_key_value_heads ?? headCount,
    headSize:
      config.head_dim ??
      (config.hidden_size && headCount ? config.hidden_size / headCount : undefined),
  });
  const sequenceBytes = cacheBytesOf(signature.cacheSlots, contextLength);
  const memory = await planOrRelease(session, () =>
    planMemory({ weightBytes, sequenceBytes, slotCount }, memoryBytes),
  );
  return {
    files,
    memory,
    runner: new ModelRunner(session, signature, contextLength),
    tokenizer,
    tokenBytes,
    chatTemplate,
    samplingDefaults: {
      temperature: generationConfig.do_sample === false ? 0 : (generationConfig.temperature ?? 1),
      topP: generationConfig.top_p ?? 1,
    },
    warnings: [...listWarnings(files), ...(memory.warning ? [memory.warning] : [])],
  };
}

/** A graph that cannot be served gives its memory back, which no collector does for it. */
async function planOrRelease(session: InferenceSession, plan: () => MemoryPlan) {
  try {
    return plan();
  } catch (error) {
    await session.release();
    throw error;
  }
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

function listWarnings(files: ModelFiles): string[] {
  const warnings: string[] = [];
  if (files.chatTemplate === undefined) {
    warnings.push(
      "No chat template (chat_template.jinja, or chat_template in tokenizer_config.json): messages are written as `User: …`, which a model trained on another form answers badly.",
    );
  }
  if (files.endTokenIds.length === 0) {
    warnings.push(
      "No end token (eos_token_id in generation_config.json or config.json): every answer runs until its length is used up.",
    );
  }
  return warnings;
}
