import * as z from "zod";
import { Engine } from "@/lib/engine/engine";
import { countCpu, toCores } from "../cpu-share";
import { measure } from "../load";
import { engineTarget } from "../targets";
import { DecodeLoad, PassClock } from "./decode-load";
import { measureLatency } from "./latency";
import { promptIds } from "./prompt-ids";
import { type Answer, type Opener, refuse } from "./question";

const settingsSchema = z.object({
  modelFolder: z.string(),
  graphCacheFolder: z.string(),
  threadCount: z.number(),
  slotCount: z.number(),
  /** Tokens that one sequence can hold. */
  lengthMax: z.number(),
  mayVaryWithBatch: z.boolean(),
});

/** What hangs ends; two waves of short answers take seconds. */
export const CLIENTS_MS_MAX = 300_000;

/** Our engine, driven as a worker drives it. */
export const openEngine: Opener = async (given) => {
  const { modelFolder, lengthMax, ...options } = settingsSchema.parse(given);
  const engine = await Engine.load(modelFolder, {
    ...options,
    contextLengthMax: lengthMax,
    // The bundle beside the one that this file is in.
    grammarThreadUrl: new URL("./grammar-thread.mjs", import.meta.url),
  });
  const passes = new PassClock(engine);
  return async (question) => {
    switch (question.kind) {
      case "decode":
        return {
          ...(await new DecodeLoad(engine, passes, question).run()),
          isGrowing: engine.model.form.name.startsWith("growing") ? 1 : 0,
        };
      case "prefill": {
        const stop = countCpu();
        const ids = promptIds(question.tokenCount, question.salt);
        const { firstTokenMs } = await askOneToken(engine, ids);
        const tokensPerSecond = (question.tokenCount / firstTokenMs) * 1_000;
        return { firstTokenMs, tokensPerSecond, ...toCores(stop()) };
      }
      case "prefix":
        return await measurePrefix(engine, question);
      case "latency":
        return await measureLatency(engine, question);
      case "clients":
        return await measureClients(engine, question);
      default:
        return refuse(question);
    }
  };
};

/** A prompt, then one that differs from it in its last tenth. */
async function measurePrefix(
  engine: Engine,
  { tokenCount, salt }: { tokenCount: number; salt: number },
): Promise<Answer> {
  const cold = promptIds(tokenCount, salt);
  const kept = Math.floor(tokenCount * 0.9);
  // Its own first token differs from the cold prompt's at that place, so that exactly nine tenths fit.
  const warm = [...cold.slice(0, kept), ...promptIds(tokenCount - kept, salt + 1)];
  const first = await askOneToken(engine, cold);
  const second = await askOneToken(engine, warm);
  return {
    coldMs: first.firstTokenMs,
    warmMs: second.firstTokenMs,
    warmShare: second.firstTokenMs / first.firstTokenMs,
    cachedTokenCount: second.cachedPromptTokenCount,
  };
}

async function measureClients(
  engine: Engine,
  { clientCount, requestCount }: { clientCount: number; requestCount: number },
): Promise<Answer> {
  const stop = countCpu();
  const signal = AbortSignal.timeout(CLIENTS_MS_MAX);
  const load = { clientCount, requestCountMax: requestCount, durationMs: CLIENTS_MS_MAX };
  const { tokensPerSecond } = await measure(engineTarget(engine), load, signal);
  return { tokensPerSecond, ...toCores(stop()) };
}

async function askOneToken(engine: Engine, ids: number[]) {
  const request = { promptIds: ids, sampling: { temperature: 0 }, stop: [], ignoreEos: true };
  const startedAtMs = performance.now();
  let firstTokenMs = Number.NaN;
  let cachedPromptTokenCount = 0;
  const never = new AbortController().signal;
  for await (const event of engine.generate({ ...request, maxTokens: 1 }, never)) {
    if (event.type === "text-delta") firstTokenMs = performance.now() - startedAtMs;
    if (event.type === "sequence-end") cachedPromptTokenCount = event.cachedPromptTokenCount;
  }
  return { firstTokenMs, cachedPromptTokenCount };
}
