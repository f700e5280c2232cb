import { basename, dirname } from "node:path";
import * as z from "zod";
import { countCpu, toCores } from "../cpu-share";
import { importPeer } from "../engine/import-peer";
import { type Opener, refuse } from "../engine/question";
import { probeOf } from "./probe";
import { mixedTexts } from "./texts";

/** The members of @huggingface/transformers 4.3.1 that are used here, by its own declarations. */
type TransformersModule = {
  env: { allowRemoteModels: boolean; localModelPath: string };
  pipeline(
    task: "feature-extraction",
    model: string,
    options: {
      dtype: "fp32";
      device: "cpu";
      use_external_data_format: boolean;
      local_files_only: boolean;
      session_options: { intraOpNumThreads: number; interOpNumThreads: number };
    },
  ): Promise<
    (
      texts: string[],
      options: { pooling: "mean"; normalize: boolean },
    ) => Promise<{ tolist(): number[][] }>
  >;
};

const settingsSchema = z.object({
  peersFolder: z.string(),
  modelFolder: z.string(),
  threadCount: z.number(),
});

/** Texts of one call, as they come: each is padded to the longest of them. */
const BATCH = 32;

/** transformers.js over its own onnxruntime-node, as its documentation shows it. */
export const openTransformersEncoder: Opener = async (given) => {
  const { peersFolder, modelFolder, threadCount } = settingsSchema.parse(given);
  const module = await importPeer<TransformersModule>(peersFolder, "@huggingface/transformers");
  module.env.allowRemoteModels = false;
  module.env.localModelPath = dirname(modelFolder);
  const embed = await module.pipeline("feature-extraction", basename(modelFolder), {
    ...{ dtype: "fp32", device: "cpu" },
    use_external_data_format: true,
    local_files_only: true,
    session_options: { intraOpNumThreads: threadCount, interOpNumThreads: 1 },
  });
  return async (question) => {
    if (question.kind !== "embed") return refuse(question);
    const texts = mixedTexts(question.textCount, question.salt);
    const stop = countCpu();
    const vectors: number[][] = [];
    for (let start = 0; start < texts.length; start += BATCH) {
      const batch = texts.slice(start, start + BATCH);
      vectors.push(...(await embed(batch, { pooling: "mean", normalize: true })).tolist());
    }
    const share = stop();
    const seconds = share.wallMs / 1_000;
    const textsPerSecond = texts.length / seconds;
    return { textsPerSecond, seconds, ...probeOf(vectors), ...toCores(share) };
  };
};
