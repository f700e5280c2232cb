import { toCharacter } from "../text/byte-alphabet";
import type { ModelDimensions } from "./dimensions";

/**
 * A byte-level vocabulary without merges: each byte of a text is a token, so any text can be put in.
 * The rest of the vocabulary are tokens that no text leads to and that a model may still choose.
 *
 *     0 … 255           bytes
 *     256 … size - 4    ` t256` and so on: a space and a word, so that answers have words
 *     size - 3          <|im_start|>
 *     size - 2          <|im_end|>, which ends an answer
 *     size - 1          <|endoftext|>
 */
export type SyntheticVocabulary = {
  /** By id, spelled in the byte alphabet. */
  tokens: string[];
  controlIds: number[];
  endTokenId: number;
  padTokenId: number;
};

const CONTROL_TOKENS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"] as const;

export function createVocabulary({ vocabularySize }: ModelDimensions): SyntheticVocabulary {
  const first = vocabularySize - CONTROL_TOKENS.length;
  const bytes = Array.from({ length: 256 }, (_, byte) => toCharacter(byte));
  const words = Array.from({ length: first - 256 }, (_, index) => `Ġt${index + 256}`);
  return {
    tokens: [...bytes, ...words, ...CONTROL_TOKENS],
    controlIds: CONTROL_TOKENS.map((_, index) => first + index),
    endTokenId: first + 1,
    padTokenId: first + 2,
  };
}

export const CHAT_TEMPLATE =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

export function toTokenizerJson({ tokens, controlIds }: SyntheticVocabulary): object {
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: controlIds.map((id) => ({
      id,
      content: tokens[id],
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { ...byteLevel, use_regex: false },
    post_processor: null,
    decoder: { ...byteLevel, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: [],
    },
  };
}

export function toTokenizerConfig(
  vocabulary: SyntheticVocabulary,
  dimensions: ModelDimensions,
): object {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    model_max_length: dimensions.contextLength,
    bos_token: null,
    eos_token: vocabulary.tokens[vocabulary.endTokenId],
    pad_token: vocabulary.tokens[vocabulary.padTokenId],
    unk_token: null,
    add_bos_token: false,
    clean_up_tokenization_spaces: false,
    chat_template: CHAT_TEMPLATE,
  };
}
