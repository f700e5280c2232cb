import { createHash } from "node:crypto";
import type { Conversation } from "@/lib/adapters/conversation";
import type { ModelFiles } from "../onnx/model-files";
import { readVocabulary } from "./token-bytes";
import type { TokenizerJson } from "./tokenizer-schema";

/**
 * What of tokenizer_config.json is of use to who reads it from afar. A list, because such files also hold
 * paths of the machine that they were written on.
 */
const TOLD = [
  ...["tokenizer_class", "model_max_length", "padding_side", "truncation_side"],
  ...["bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token"],
  ...["additional_special_tokens", "added_tokens_decoder", "add_bos_token", "add_eos_token"],
  ...["add_prefix_space", "clean_up_tokenization_spaces", "split_special_tokens", "legacy"],
];
/** Reads any tokenizer.json; what Transformers takes where a folder names no class. */
const CLASS_DEFAULT = "PreTrainedTokenizerFast";

export type TokenizerInfo = { config: Record<string, unknown>; contextLength: number };

/** The model's tokenizer_config.json as far as it is told, with the chat template wherever it was found. */
export function readTokenizerInfo(model: {
  files: Pick<ModelFiles, "tokenizerConfig" | "chatTemplate">;
  contextLength: number;
}): TokenizerInfo {
  const { tokenizerConfig, chatTemplate } = model.files;
  const told = Object.entries(tokenizerConfig).filter(([name]) => TOLD.includes(name));
  return {
    config: {
      tokenizer_class: CLASS_DEFAULT,
      ...Object.fromEntries(told),
      chat_template: chatTemplate ?? null,
    },
    contextLength: model.contextLength,
  };
}

/**
 * The id of a control token by its spelling. Typed ones stay text wherever a model reads them; a text that is
 * nothing else asks for the token itself, as harnesses do that know the end token by name.
 */
export function findControlToken(json: TokenizerJson, text: string): number | undefined {
  return json.added_tokens.find((token) => token.special && token.content === text)?.id;
}

/**
 * SHA-256 over what makes text tokens and conversations prompts, hex.
 *
 * @param family the template of the model's family, where it has none of its own.
 */
export function hashTokenizer(
  files: Pick<ModelFiles, "tokenizer" | "tokenizerConfig" | "chatTemplate">,
  family?: Conversation | undefined,
): string {
  const { tokenizer, tokenizerConfig, chatTemplate = family ?? null } = files;
  const parts = JSON.stringify([tokenizer, tokenizerConfig, chatTemplate]);
  return createHash("sha256").update(parts).digest("hex");
}

/** Tokens under the names that the vocabulary has for them (`Ġthe`), not as the text they stand for. */
export function nameTokens(json: TokenizerJson, ids: readonly number[]): string[] {
  const added = new Map(json.added_tokens.map((token) => [token.id, token.content]));
  const names = readVocabulary(json);
  // An id without a name is a row that the graph was padded with.
  return ids.map((id) => added.get(id) ?? names[id] ?? "");
}
