/**
 * Goal: incremental text equals the whole text, and never holds half a code point.
 * Method: a byte-level vocabulary with one token a byte, so that every code point is cut at every
 * border, and the bundled model's own vocabulary, both against decoding everything at once.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { Detokenizer } from "./detokenizer";
import { TokenBytes } from "./token-bytes";
import { Tokenizer } from "./tokenizer";
import { tokenizerConfigSchema, tokenizerJsonSchema } from "./tokenizer-schema";

const json = tokenizerJsonSchema.parse(
  JSON.parse(
    readFileSync(join(import.meta.dirname, "../../../models/pico-s/tokenizer.json"), "utf8"),
  ),
);
const tokenizer = new Tokenizer(json, tokenizerConfigSchema.parse({}));
const tokenBytes = new TokenBytes(json);

/** SentencePiece as Llama 2 and Gemma have it: spaces marked, unknown bytes spelled out. */
const sentencePiece = new TokenBytes(
  tokenizerJsonSchema.parse({
    added_tokens: [{ id: 2, content: "</s>", special: true }],
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      vocab: {
        "▁Hello": 0,
        "▁world": 1,
        "</s>": 2,
        "<0xF0>": 3,
        "<0x9F>": 4,
        "<0xA6>": 5,
        "<0x8A>": 6,
      },
    },
  }),
);

function decode(ids: readonly number[], tokens = tokenBytes) {
  const detokenizer = new Detokenizer(tokens);
  const pieces = ids.map((id) => detokenizer.push(id));
  return { pieces, text: pieces.join("") + detokenizer.flush() };
}

const ALPHABETS = [
  "plain ascii, 123\n",
  "äöüßéñ",
  "你好世界",
  "🦊👩‍👩‍👧‍👦🏳️‍🌈",
  "ﬁ\u200d\ufeff\t ",
  "नमस्ते",
  "مرحبا",
];

test("fuzz: text over all scripts comes back whole, and no piece holds half a code point", () => {
  const seed = 7_001;
  const random = seededRandom(seed);
  const characters = [...ALPHABETS.join("")];
  for (let round = 0; round < 300; round++) {
    const length = 1 + Math.floor(random() * 40);
    const text = Array.from(
      { length },
      () => characters[Math.floor(random() * characters.length)],
    ).join("");
    const { pieces, text: decoded } = decode(tokenizer.encodeText(text));
    expect(decoded, `seed ${seed}, round ${round}`).toBe(text);
    expect(
      pieces.some((piece) => piece.includes("\uFFFD")),
      `seed ${seed}, round ${round}`,
    ).toBe(false);
  }
});

test("fuzz: any ids give the text that decoding all their bytes at once gives", () => {
  const seed = 7_002;
  const random = seededRandom(seed);
  for (let round = 0; round < 300; round++) {
    // Ids from 3 on: the first three are control tokens, which an answer leaves out.
    const ids = Array.from({ length: 30 }, () => 3 + Math.floor(random() * 4_093));
    const bytes = Buffer.concat(ids.map((id) => tokenBytes.get(id).bytes));
    expect(decode(ids).text, `seed ${seed}, round ${round}`).toBe(
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
    );
  }
});

test("a code point waits for its last byte, and an unfinished one is replaced at the end", () => {
  const bytes = tokenizer.encodeText("🦊");
  expect(bytes.length).toBeGreaterThan(1);
  expect(
    decode(bytes)
      .pieces.slice(0, -1)
      .every((piece) => piece === ""),
  ).toBe(true);
  expect(decode(bytes.slice(0, 1)).text).toBe("\uFFFD");
});

test("control tokens are left out of an answer and spelled out in a prompt", () => {
  expect(decode([1, 2]).text).toBe("");
  const spelled = new Detokenizer(tokenBytes, { control: "spelled" });
  expect(spelled.push(1) + spelled.push(2)).toBe("<|im_start|><|im_end|>");
});

test("control tokens that an answer's text needs are spelled out, and no others", () => {
  const options = { control: "omitted", spelledIds: new Set([2]) } as const;
  const detokenizer = new Detokenizer(tokenBytes, options);
  expect(detokenizer.push(1) + detokenizer.push(2)).toBe("<|im_end|>");
});

test("ids beyond the vocabulary stand for nothing", () => {
  expect(decode([1_000_000]).text).toBe("");
});

test("SentencePiece: marks become spaces but for the first, and byte tokens join", () => {
  expect(decode([0, 1, 3, 4, 5, 6, 2], sentencePiece).text).toBe("Hello world🦊");
});

test("a vocabulary spelled in a third way is refused", () => {
  const wordPiece = {
    decoder: { type: "WordPiece" },
    model: { type: "WordPiece", vocab: { a: 0 } },
  };
  expect(() => new TokenBytes(tokenizerJsonSchema.parse(wordPiece))).toThrow(/WordPiece/);
});
