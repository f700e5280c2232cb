import * as z from "zod";
import { countCpu, toCores } from "../cpu-share";
import { decodeRate } from "./decode-rate";
import { importPeer } from "./import-peer";
import { promptIds } from "./prompt-ids";
import { type Answer, type Opener, refuse } from "./question";

/** The members of node-llama-cpp 3.22.1 that are used here, by its own declarations. */
type LlamaModule = {
  getLlama(options: {
    gpu: false;
    build: "never";
    skipDownload: boolean;
    maxThreads: number;
    logLevel: "error";
  }): Promise<{ loadModel(options: { modelPath: string }): Promise<Model> }>;
};
type Model = {
  createContext(options: {
    sequences: number;
    contextSize: number;
    batchSize: number;
    threads: { ideal: number; min: number };
  }): Promise<Context>;
};
type Context = { getSequence(): Sequence; dispose(): Promise<void> };
type Sequence = {
  nextTokenIndex: number;
  evaluateWithoutGeneratingNewTokens(ids: number[]): Promise<void>;
  evaluate(
    ids: number[],
    options: { temperature: number; yieldEogToken: boolean },
  ): AsyncIterable<number>;
  eraseContextTokenRanges(ranges: { start: number; end: number }[]): Promise<void>;
  clearHistory(): Promise<void>;
};

const settingsSchema = z.object({
  peersFolder: z.string(),
  modelPath: z.string(),
  threadCount: z.number(),
  /** Tokens that one sequence can hold. */
  lengthMax: z.number(),
});

/** llama.cpp as the npm package gives it to a JavaScript program, with its own way of batching. */
export const openLlama: Opener = async (given) => {
  const { peersFolder, modelPath, threadCount, lengthMax } = settingsSchema.parse(given);
  const { getLlama } = await importPeer<LlamaModule>(peersFolder, "node-llama-cpp");
  const llama = await getLlama({
    ...{ gpu: false, build: "never", skipDownload: true },
    ...{ maxThreads: threadCount, logLevel: "error" },
  });
  const model = await llama.loadModel({ modelPath });
  const opened = new Map<number, Promise<Sequence[]>>();
  // Contexts stay open between rounds: filling sixteen of them takes longer than measuring them.
  const sequencesOf = (batch: number, contextLength: number) => {
    const found = opened.get(batch);
    if (found) return found;
    const made = openSequences(model, { batch, contextLength, lengthMax, threadCount });
    opened.set(batch, made);
    return made;
  };
  return async (question) => {
    switch (question.kind) {
      case "decode": {
        const sequences = await sequencesOf(question.batch, question.contextLength);
        return await decode(sequences, question);
      }
      case "prefill": {
        const [sequence] = await sequencesOf(1, 1);
        if (!sequence) throw new Error("A context has a sequence.");
        return await prefill(sequence, question);
      }
      default:
        return refuse(question);
    }
  };
};

type Opened = { batch: number; contextLength: number; lengthMax: number; threadCount: number };

async function openSequences(
  model: Model,
  { batch, contextLength, lengthMax, threadCount }: Opened,
): Promise<Sequence[]> {
  const context = await model.createContext({
    sequences: batch,
    contextSize: lengthMax,
    batchSize: 512,
    threads: { ideal: threadCount, min: threadCount },
  });
  const sequences = Array.from({ length: batch }, () => context.getSequence());
  for (const [index, sequence] of sequences.entries()) {
    await sequence.evaluateWithoutGeneratingNewTokens(promptIds(contextLength, index));
  }
  return sequences;
}

async function decode(
  sequences: readonly Sequence[],
  { stepCount, contextLength }: { stepCount: number; contextLength: number },
): Promise<Answer> {
  for (const [index, sequence] of sequences.entries()) {
    await setContext(sequence, contextLength, index);
  }
  const stop = countCpu();
  const stampsMs = await Promise.all(
    sequences.map(async (sequence, index) => {
      const stamps: number[] = [];
      const options = { temperature: 0, yieldEogToken: true };
      for await (const _ of sequence.evaluate([index + 7], options)) {
        stamps.push(performance.now());
        if (stamps.length > stepCount) break;
      }
      return stamps;
    }),
  );
  return { ...decodeRate(stampsMs), ...toCores(stop()) };
}

/** Goes back to a context of exactly that length. */
async function setContext(sequence: Sequence, length: number, salt: number): Promise<void> {
  const { nextTokenIndex } = sequence;
  if (nextTokenIndex > length) {
    await sequence.eraseContextTokenRanges([{ start: length, end: nextTokenIndex }]);
  } else if (nextTokenIndex < length) {
    await sequence.evaluateWithoutGeneratingNewTokens(promptIds(length - nextTokenIndex, salt));
  }
}

async function prefill(
  sequence: Sequence,
  { tokenCount, salt }: { tokenCount: number; salt: number },
): Promise<Answer> {
  await sequence.clearHistory();
  const stop = countCpu();
  const options = { temperature: 0, yieldEogToken: true };
  for await (const _ of sequence.evaluate(promptIds(tokenCount, salt), options)) break;
  const share = stop();
  await sequence.clearHistory();
  const tokensPerSecond = (tokenCount / share.wallMs) * 1_000;
  return { firstTokenMs: share.wallMs, tokensPerSecond, ...toCores(share) };
}
