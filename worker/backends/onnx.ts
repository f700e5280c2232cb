import { availableParallelism } from "node:os";
import { readMemoryBytes } from "@/lib/engine/memory-plan";
import { AppError } from "@/lib/errors";
import { ENGINE_DEATH_GRACE_MS } from "@/lib/limits";
import type {
  ClassifyReply,
  DetokenizeReply,
  EmbedReply,
  RerankReply,
  TokenizeReply,
  TokenizerInfoReply,
} from "@/lib/protocol/text";
import { log } from "@/lib/telemetry/log";
import { assert } from "@/lib/util/assert";
import { StartError } from "@/lib/util/start-error";
import type { Backend, BackendCard } from "../backend";
import type { EngineSettings } from "../engine-messages";
import { OnnxThread } from "./onnx-thread";

export type OnnxBackendOptions = Omit<EngineSettings, "threadCount" | "slotCount"> & {
  modelFolders: readonly string[];
  /** Cores that one model's step may use; 0 divides the machine's cores between the models. */
  threads: number;
  /** Sequences at once that each model is wanted to run. */
  slots: number;
  /** The bundle of engine-thread.ts. */
  threadUrl: URL;
  /** What to do when an engine's thread ends by itself. Unless given, the process ends. */
  onThreadDeath?: (cause: Error) => void;
};

/**
 * Serves model folders through `lib/engine`, each in a thread of its own, so that a step of one model
 * holds up neither another model nor the HTTP server. An engine that dies takes the process with it:
 * its memory is in an unknown state, and who supervises the process starts a fresh one.
 *
 * @throws StartError when a folder cannot be served.
 */
export async function createOnnxBackend(options: OnnxBackendOptions): Promise<Backend> {
  assert(options.slots > 0, "a backend has a slot");
  const threads = await startThreads(options);
  const byName = new Map(
    threads.flatMap((thread) => thread.offers.map(({ name }) => [name, thread] as const)),
  );
  const card: BackendCard = {
    kind: "onnx",
    models: threads.flatMap((thread) => thread.offers),
    // What the shortest of memory runs: more would be let in than the model takes at once.
    slots: Math.min(...threads.map((thread) => thread.slotCount)),
  };
  const getThread = (model: string): OnnxThread => {
    const thread = byName.get(model);
    if (thread) return thread;
    throw new AppError("model-not-found", {
      message: `This worker does not offer the model "${model}".`,
      param: "model",
    });
  };
  return {
    card: () => card,
    underWay: () => threads.reduce((sum, thread) => sum + thread.underWay, 0),
    passCount: (model) => getThread(model).passCount,
    generate: (request, signal) => getThread(request.model).generate(request, signal),
    embed: async (request, signal) =>
      getThread(request.model).ask<EmbedReply>({ type: "embed", request }, signal),
    rerank: async (request, signal) =>
      getThread(request.model).ask<RerankReply>({ type: "rerank", request }, signal),
    classify: async (request, signal) =>
      getThread(request.model).ask<ClassifyReply>({ type: "classify", request }, signal),
    tokenize: async (request, signal) =>
      getThread(request.model).ask<TokenizeReply>({ type: "tokenize", request }, signal),
    detokenize: async (request, signal) =>
      getThread(request.model).ask<DetokenizeReply>({ type: "detokenize", request }, signal),
    tokenizerInfo: async (request, signal) =>
      getThread(request.model).ask<TokenizerInfoReply>({ type: "tokenizer-info", request }, signal),
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

/** All threads, or none: those that loaded are ended when one fails. */
async function startThreads(options: OnnxBackendOptions): Promise<OnnxThread[]> {
  const { modelFolders, threads: threadsAsked, slots, threadUrl, onThreadDeath, ...rest } = options;
  const share = Math.floor(availableParallelism() / modelFolders.length);
  const threadCount = threadsAsked > 0 ? threadsAsked : Math.max(1, share);
  const onDeath = (cause: Error) => (onThreadDeath ?? endProcess)(cause);
  const threads: OnnxThread[] = [];
  // One after the other: what is promised to one model is not there for the next, although the system
  // hands its pages out only as they are used.
  let memoryBytes = options.memoryBytes ?? readMemoryBytes();
  try {
    for (const folder of modelFolders) {
      const settings = { ...rest, folder, threadCount, slotCount: slots, memoryBytes };
      const thread = await OnnxThread.start({ ...settings, threadUrl, onDeath });
      threads.push(thread);
      memoryBytes -= thread.memoryBytes;
    }
    expectDistinctNames(threads);
  } catch (error) {
    await Promise.all(threads.map((thread) => thread.close()));
    throw error;
  }
  for (const { offers, memory, form, warnings } of threads) {
    const [model, ...adapters] = offers.map((offer) => offer.name);
    log.info({ model, memory, form, ...(adapters.length > 0 && { adapters }) }, "model loaded");
    for (const warning of warnings) log.warn({ model }, warning);
  }
  return threads;
}

function expectDistinctNames(threads: readonly OnnxThread[]): void {
  const names = threads.flatMap((thread) => thread.offers.map((offer) => offer.name));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new StartError({
    message: `Two model folders are named ${twice}, which is the name they are asked for by.`,
    remedy: "Rename one of them, or serve it from a worker of its own.",
  });
}

/** Gives the errors of the requests that ran a moment to reach their clients first. */
function endProcess(cause: Error): void {
  log.fatal({ err: cause }, "an engine's thread ended; leaving so that a fresh process starts");
  setTimeout(() => process.exit(1), ENGINE_DEATH_GRACE_MS);
}
