import * as z from "zod";
import { EncoderEngine } from "@/lib/engine/encoder/encoder-engine";
import { countCpu, toCores } from "../cpu-share";
import { type Opener, refuse } from "../engine/question";
import { probeOf } from "./probe";
import { mixedTexts } from "./texts";

const settingsSchema = z.object({
  modelFolder: z.string(),
  graphCacheFolder: z.string(),
  threadCount: z.number(),
});

/** What hangs ends; a thousand texts take a minute. */
const EMBED_MS_MAX = 600_000;

/** Our encoders, driven as a worker drives them. */
export const openEncoder: Opener = async (given) => {
  const { modelFolder, ...options } = settingsSchema.parse(given);
  const engine = await EncoderEngine.load(modelFolder, options);
  return async (question) => {
    if (question.kind !== "embed") return refuse(question);
    const texts = mixedTexts(question.textCount, question.salt);
    const stop = countCpu();
    const { embeddings, tokenCount } = await engine.embed(texts, {
      overflow: "truncate",
      signal: AbortSignal.timeout(EMBED_MS_MAX),
    });
    const share = stop();
    const seconds = share.wallMs / 1_000;
    return {
      ...{ textsPerSecond: texts.length / seconds, tokensPerSecond: tokenCount / seconds, seconds },
      ...{ ...probeOf(embeddings), ...toCores(share) },
    };
  };
};
