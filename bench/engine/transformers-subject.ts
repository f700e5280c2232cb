import { basename, dirname } from "node:path";
import * as z from "zod";
import { countCpu, toCores } from "../cpu-share";
import { decodeRate } from "./decode-rate";
import { importPeer } from "./import-peer";
import { promptIds } from "./prompt-ids";
import { type Opener, refuse } from "./question";

/** The members of @huggingface/transformers 4.3.1 that are used here, by its own declarations. */
type TransformersModule = {
  env: { allowRemoteModels: boolean; localModelPath: string };
  Tensor: new (type: "int64", data: BigInt64Array, dims: number[]) => unknown;
  AutoModelForCausalLM: {
    from_pretrained(
      name: string,
      options: {
        dtype: "q4";
        device: "cpu";
        use_external_data_format: boolean;
        local_files_only: boolean;
        session_options: { intraOpNumThreads: number; interOpNumThreads: number };
      },
    ): Promise<Model>;
  };
};
type Model = {
  generate(options: {
    inputs: unknown;
    attention_mask: unknown;
    do_sample: boolean;
    max_new_tokens: number;
    eos_token_id: number;
    streamer: { put(ids: unknown): void; end(): void };
  }): Promise<unknown>;
};

const settingsSchema = z.object({
  peersFolder: z.string(),
  modelFolder: z.string(),
  threadCount: z.number(),
});

/** No token has this id, so an answer ends at its length alone. */
const NO_TOKEN = -1;

/** transformers.js over its own onnxruntime-node: one sequence, a cache that grows with every token. */
export const openTransformers: Opener = async (given) => {
  const { peersFolder, modelFolder, threadCount } = settingsSchema.parse(given);
  const module = await importPeer<TransformersModule>(peersFolder, "@huggingface/transformers");
  module.env.allowRemoteModels = false;
  module.env.localModelPath = dirname(modelFolder);
  const model = await module.AutoModelForCausalLM.from_pretrained(basename(modelFolder), {
    // Means the file onnx/model_q4.onnx.
    dtype: "q4",
    device: "cpu",
    use_external_data_format: true,
    local_files_only: true,
    session_options: { intraOpNumThreads: threadCount, interOpNumThreads: 1 },
  });
  const generate = async (ids: number[], tokenCount: number) => {
    const data = BigInt64Array.from(ids, BigInt);
    const dims = [1, ids.length];
    const stamps: number[] = [];
    await model.generate({
      inputs: new module.Tensor("int64", data, dims),
      attention_mask: new module.Tensor(
        "int64",
        data.map(() => 1n),
        dims,
      ),
      do_sample: false,
      max_new_tokens: tokenCount,
      eos_token_id: NO_TOKEN,
      streamer: { put: () => stamps.push(performance.now()), end: () => undefined },
    });
    // The first it is told is the prompt.
    return stamps.slice(1);
  };
  return async (question) => {
    const stop = countCpu();
    if (question.kind === "decode" && question.batch === 1) {
      const ids = promptIds(question.contextLength, 0);
      const stamps = await generate(ids, question.stepCount + 1);
      return { ...decodeRate([stamps]), ...toCores(stop()) };
    }
    if (question.kind !== "prefill") return refuse(question);
    await generate(promptIds(question.tokenCount, question.salt), 1);
    const share = stop();
    const tokensPerSecond = (question.tokenCount / share.wallMs) * 1_000;
    return { firstTokenMs: share.wallMs, tokensPerSecond, ...toCores(share) };
  };
};
