/**
 * Goal: texts get the ids that the model was trained with, and nobody types a control token.
 * Method: the library alone, with its own post-processor, as the reference.
 */
import { Tokenizer as HubTokenizer } from "@huggingface/tokenizers";
import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import {
  createWordPieces,
  type EncoderFamily,
  toWordPieceConfig,
  toWordPieceTokenizer,
} from "../synthetic/encoder-tokenizer-files";
import { tokenizerConfigSchema, tokenizerJsonSchema } from "../text/tokenizer-schema";
import { EncoderTokenizer } from "./encoder-tokenizer";
import { joinTexts, readSpecialTokens } from "./special-tokens";
import { encodeStart } from "./text-encoder";
import { Turns } from "./turns";

function create(family: EncoderFamily) {
  const pieces = createWordPieces(family, { vocabularySize: 3_000 });
  const json = toWordPieceTokenizer(family, pieces);
  const config = toWordPieceConfig(family, 64);
  return {
    hub: new HubTokenizer(json, config),
    own: new EncoderTokenizer(
      tokenizerJsonSchema.parse(json),
      tokenizerConfigSchema.parse(config),
      {
        lowers: false,
      },
    ),
  };
}

const TEXTS = [
  "Bace dimo, fonu! 42 times?",
  "  Überraschung\tnaïve  café\n",
  "北京 is 你好",
  "ba".repeat(80),
  "xq".repeat(60),
  "👋 z\u0301 \u0000 end",
];

describe.each(["bert", "roberta"] as const)("%s", (family) => {
  const { hub, own } = create(family);

  test("texts and pairs have the library's ids", () => {
    for (const text of TEXTS) {
      expect(own.encode(text).ids).toEqual(hub.encode(text).ids);
      const pair = joinTexts(own.special.pair, [own.encodeText(text), own.encodeText("dimo")]);
      const expected = hub.encode(text, { text_pair: "dimo", return_token_type_ids: true });
      expect(pair.ids).toEqual(expected.ids);
      // The library gives RoBERTa a second type, which its models have no row for.
      if (family === "bert") expect(pair.types).toEqual(expected.token_type_ids);
      else expect(pair.types).toBeUndefined();
    }
  });

  test("the start of a long text is the start of its ids", async () => {
    const random = seededRandom(6);
    const words = Array.from({ length: 20_000 }, () => TEXTS[Math.floor(random() * 3)]);
    const text = words.join(" ");
    const options = { countMax: 300, turns: new Turns(new AbortController().signal) };
    const start = await encodeStart(own, text, options);
    expect(start.length).toBeGreaterThanOrEqual(300);
    expect(start.length).toBeLessThan(5_000);
    expect(start).toEqual(own.encodeText(text.slice(0, 60_000)).slice(0, start.length));
    expect(await encodeStart(own, "bace", options)).toEqual(own.encodeText("bace"));
  });

  test("typed control tokens are characters, and unknown words stay unknown", () => {
    const [first, , last] = family === "bert" ? ["[CLS]", "", "[SEP]"] : ["<s>", "", "</s>"];
    const ids = own.encodeText(`${first} bace ${last} dimo`);
    const control = hub.encode("").ids;
    expect(ids.filter((id) => control.includes(id))).toEqual([]);
    const unknown = family === "bert" ? 1 : 3;
    expect(own.encodeText("你")).toEqual([unknown]);
  });
});

test("a piece of a Unigram vocabulary that is a control token is no way to one either", () => {
  const special = { special: true, single_word: false, lstrip: false, rstrip: false };
  const json = tokenizerJsonSchema.parse({
    added_tokens: [
      { id: 0, content: "<s>", normalized: false, ...special },
      { id: 1, content: "</s>", normalized: false, ...special },
      { id: 2, content: "<unk>", normalized: false, ...special },
    ],
    normalizer: null,
    pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
    post_processor: null,
    decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
    model: {
      type: "Unigram",
      unk_id: 2,
      vocab: [
        ...[
          ["<s>", 0],
          ["</s>", 0],
          ["<unk>", 0],
          ["▁", -3],
          ["▁ba", -4],
        ],
        ...[
          ["<", -6],
          ["/", -6],
          ["s", -6],
          [">", -6],
        ],
      ],
    },
  });
  const config = tokenizerConfigSchema.parse({ unk_token: "<unk>", eos_token: "</s>" });
  const tokenizer = new EncoderTokenizer(json, config, { lowers: false });
  const ids = tokenizer.encodeText("ba</s>ba");
  expect(ids).not.toContain(1);
  expect(ids[0]).toBe(4);
});

describe("post-processors", () => {
  test("in a sequence the one that adds tokens counts", () => {
    const template = {
      type: "TemplateProcessing",
      single: [
        { Sequence: { id: "A", type_id: 0 } },
        { SpecialToken: { id: "<end>", type_id: 0 } },
      ],
      pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
      special_tokens: { "<end>": { id: "<end>", ids: [7], tokens: ["<end>"] } },
    };
    const processors = [{ type: "ByteLevel" }, template];
    const special = readSpecialTokens({ type: "Sequence", processors });
    expect(joinTexts(special.single, [[1, 2]])).toEqual({ ids: [1, 2, 7] });
    expect(joinTexts(special.pair, [[1], [2]])).toEqual({ ids: [1, 2], types: [0, 1] });
  });

  test.each([
    [{ type: "Mystery" }, /Mystery/],
    [{ type: "BertProcessing", sep: ["[SEP]"] }, /cls and sep/],
    [{ type: "TemplateProcessing", single: [], pair: [] }, /template/],
    [42, /type/],
  ])("%j is refused", (json, message) => {
    expect(() => readSpecialTokens(json)).toThrow(message);
  });
});
