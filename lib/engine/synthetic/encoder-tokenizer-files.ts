import type { EncoderDimensions } from "./encoder-dimensions";

/**
 * A word-piece vocabulary that any lower-case Latin text can be written in, in either family's order of
 * control tokens:
 *
 *     bert     [PAD] [UNK] [CLS] [SEP] [MASK], pairs as `[CLS] A [SEP] B [SEP]` with types 0 and 1
 *     roberta  <s> <pad> </s> <unk> <mask>, pairs as `<s> A </s></s> B </s>`
 *
 * then signs, letters, letters within a word (`##a`), and words of one to three syllables.
 */
export type EncoderFamily = "bert" | "roberta";

const CONTROL = {
  bert: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
  roberta: ["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
} as const;
const SIGNS = [...`!"#$%&'()*+,-./:;<=>?@[]^_{|}~0123456789`];
const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];
const SYLLABLES = [..."bcdfghklmnprstvz"].flatMap((it) => [..."aeiou"].map((vowel) => it + vowel));

/** All tokens by id. */
export function createWordPieces(
  family: EncoderFamily,
  { vocabularySize }: Pick<EncoderDimensions, "vocabularySize">,
): string[] {
  const pieces: string[] = [...CONTROL[family], ...SIGNS, ...LETTERS];
  pieces.push(...LETTERS.map((it) => `##${it}`));
  for (const word of enumerateWords()) {
    if (pieces.length >= vocabularySize) break;
    pieces.push(word);
  }
  return pieces.slice(0, vocabularySize);
}

function* enumerateWords(): Generator<string> {
  yield* SYLLABLES;
  yield* SYLLABLES.map((it) => `##${it}`);
  for (const first of SYLLABLES) for (const second of SYLLABLES) yield first + second;
  for (const first of SYLLABLES) for (const second of SYLLABLES) yield `##${first}${second}`;
  for (const first of SYLLABLES) {
    for (const second of SYLLABLES) for (const third of SYLLABLES) yield first + second + third;
  }
}

export function toWordPieceTokenizer(family: EncoderFamily, pieces: readonly string[]): object {
  const control = CONTROL[family].map((content) => ({ id: pieces.indexOf(content), content }));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: control.map((it) => ({
      ...it,
      ...{ single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    })),
    normalizer: {
      type: "BertNormalizer",
      ...{ clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: toPostProcessor(family, pieces),
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: family === "bert" ? "[UNK]" : "<unk>",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
    },
  };
}

function toPostProcessor(family: EncoderFamily, pieces: readonly string[]): object {
  const entry = (token: string) => [token, pieces.indexOf(token)];
  if (family === "roberta") {
    const ends = { sep: entry("</s>"), cls: entry("<s>") };
    return { type: "RobertaProcessing", ...ends, trim_offsets: true, add_prefix_space: false };
  }
  const special = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const toSpecial = (id: string) => [id, { id, ids: [pieces.indexOf(id)], tokens: [id] }] as const;
  const single = [special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0)];
  return {
    type: "TemplateProcessing",
    single,
    pair: [...single, sequence("B", 1), special("[SEP]", 1)],
    special_tokens: Object.fromEntries(["[CLS]", "[SEP]"].map(toSpecial)),
  };
}

export function toWordPieceConfig(family: EncoderFamily, contextLength: number): object {
  const isBert = family === "bert";
  return {
    tokenizer_class: isBert ? "BertTokenizer" : "RobertaTokenizer",
    model_max_length: contextLength,
    do_lower_case: true,
    pad_token: isBert ? "[PAD]" : "<pad>",
    unk_token: isBert ? "[UNK]" : "<unk>",
    cls_token: isBert ? "[CLS]" : "<s>",
    sep_token: isBert ? "[SEP]" : "</s>",
    mask_token: isBert ? "[MASK]" : "<mask>",
  };
}
