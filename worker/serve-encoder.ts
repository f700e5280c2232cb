import { EncoderEngine } from "@/lib/engine/encoder/encoder-engine";
import { hashTokenizer, nameTokens, readTokenizerInfo } from "@/lib/engine/text/tokenizer-info";
import { AppError } from "@/lib/errors";
import { ENCODER_REQUESTS_DEFAULT } from "@/lib/limits";
import type { TokenizeReply, TokenizeRequest } from "@/lib/protocol/text";
import { unreachable } from "@/lib/util/assert";
import { StartError } from "@/lib/util/start-error";
import type { EngineCall, EngineReply, EngineThreadData } from "./engine-messages";
import { readModelDescription } from "./model-description";
import type { ServedModel } from "./served-model";

/**
 * A folder whose graph reads and does not write.
 *
 * @throws StartError when it cannot be served.
 */
export async function serveEncoder(data: EngineThreadData): Promise<ServedModel> {
  const { folder, slotCount, adapters = [], chatTemplate, ...options } = data;
  const [adapter] = adapters;
  if (adapter) {
    throw new StartError({
      message: `The adapter ${adapter.name} cannot be used: ${folder} is a model that reads and does not write.`,
      remedy: "Leave --lora out, or serve the model that the adapter was made for.",
    });
  }
  if (chatTemplate !== undefined) {
    throw new StartError({
      message: `The chat template ${chatTemplate} cannot be used: ${folder} is a model that reads and does not write.`,
      remedy: "Leave --chat-template out.",
    });
  }
  const engine = await EncoderEngine.load(folder, options);
  const { files, build, contextLength, memory, form, warnings, isBatchInvariant } = engine.model;
  const card = await readModelDescription(folder, files.weightForm);
  const told = { ...card.description, tokenizerBuild: hashTokenizer(files) };
  return {
    offers: [
      {
        ...{ name: files.name, build, contextLength, diskBytes: files.diskBytes },
        features: [...engine.abilities, "tokenize"],
        // Only the exception is worth saying.
        description: isBatchInvariant ? told : { ...told, isBatchInvariant },
      },
    ],
    slotCount: data.mayRunFewerSlots ? Math.max(slotCount, ENCODER_REQUESTS_DEFAULT) : slotCount,
    memory,
    form,
    warnings: [...warnings, ...card.warnings],
    generate: () => {
      throw new AppError("not-supported", {
        message: `The model ${files.name} writes no text: by its graph it is for ${engine.abilities.join(" and ")}.`,
        param: "model",
      });
    },
    answer: (call, signal) => answer(engine, call, signal),
    close: () => engine.close(),
  };
}

async function answer(
  engine: EncoderEngine,
  call: Exclude<EngineCall, { type: "generate" }>,
  signal: AbortSignal,
): Promise<EngineReply> {
  switch (call.type) {
    case "embed": {
      const { inputs, overflow } = call.request;
      const { embeddings, tokenCount } = await engine.embed(inputs, { overflow, signal });
      return { embeddings, promptTokens: tokenCount };
    }
    case "rerank": {
      const { query, documents, overflow } = call.request;
      const { scores, tokenCount } = await engine.rerank(query, documents, { overflow, signal });
      return { scores, promptTokens: tokenCount };
    }
    case "classify": {
      const { inputs, overflow } = call.request;
      const { results, tokenCount } = await engine.classify(inputs, { overflow, signal });
      return { results, promptTokens: tokenCount };
    }
    case "tokenize":
      if ("messages" in call.request) {
        throw new AppError("not-supported", {
          message: `The model ${engine.model.files.name} has no conversations. Send \`text\` instead.`,
          param: "messages",
        });
      }
      return tokenize(engine, call.request, signal);
    case "detokenize":
      return { text: engine.decode(call.request.ids) };
    case "tokenizer-info":
      return readTokenizerInfo(engine.model);
    default:
      return unreachable(call);
  }
}

async function tokenize(
  engine: EncoderEngine,
  request: Extract<TokenizeRequest, { text: string }>,
  signal: AbortSignal,
): Promise<TokenizeReply> {
  const { text, addSpecialTokens, returnNames } = request;
  const ids = await engine.encodeText(text, {
    signal,
    ...(addSpecialTokens !== undefined && { addSpecialTokens }),
  });
  const { contextLength, files } = engine.model;
  const names = returnNames ? { names: nameTokens(files.tokenizer, ids) } : {};
  return { ids, contextLength, ...names };
}
