/**
 * Goal: texts of any length become the tokens that they are, and nobody waits for it or who has left.
 * Method: seeded long texts, taken apart as a whole as the reference; what others' turns see.
 */
import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import {
  createWordPieces,
  type EncoderFamily,
  toWordPieceConfig,
  toWordPieceTokenizer,
} from "../synthetic/encoder-tokenizer-files";
import { tokenizerConfigSchema, tokenizerJsonSchema } from "../text/tokenizer-schema";
import { EncoderTokenizer } from "./encoder-tokenizer";
import { BARE } from "./special-tokens";
import { encodeStart, type TextEncoder } from "./text-encoder";
import { Turns } from "./turns";

const never = new AbortController().signal;
const all = (signal = never) => ({
  countMax: Number.POSITIVE_INFINITY,
  turns: new Turns(signal),
});

function create(family: EncoderFamily): EncoderTokenizer {
  const json = toWordPieceTokenizer(family, createWordPieces(family, { vocabularySize: 3_000 }));
  const config = tokenizerConfigSchema.parse(toWordPieceConfig(family, 64));
  return new EncoderTokenizer(tokenizerJsonSchema.parse(json), config, { lowers: false });
}

/** Takes down which parts it is asked for: a token a character. */
function createRecorder() {
  const parts: string[] = [];
  const encodeText = (text: string) => {
    // What is asked to know the tokenizer is no part of the text.
    if (text.length > 3) parts.push(text);
    return Array.from(text, (it) => it.codePointAt(0) ?? 0);
  };
  const encoder: TextEncoder = { special: BARE, encodeText };
  return { parts, encoder };
}

test.each(["bert", "roberta"] as const)(
  "a long text of %s has the ids of the whole",
  async (family) => {
    const seed = 11;
    const random = seededRandom(seed);
    const words = ["bace", "dimo,", "Überraschung\n", "北京", "fonu  ", "ha."];
    const draw = () => words[Math.floor(random() * words.length)];
    const text = Array.from({ length: 30_000 }, draw).join(" ");
    const own = create(family);
    expect(await encodeStart(own, text, all()), `seed ${seed}`).toEqual(own.encodeText(text));
  },
);

test.each(["whole", "space", "prepend"])(
  "blocks of a tokenizer begin as its words do (%s)",
  async (kind) => {
    const letters = [..."abcd"];
    const vocab = ["<unk>", "▁", "▁▁", ...letters, ...letters.map((it) => `▁${it}`)];
    const normalizers = [
      ...(kind === "prepend" ? [{ type: "Prepend", prepend: "▁" }] : []),
      { type: "Replace", pattern: { String: " " }, content: "▁" },
    ];
    const metaspace = {
      type: "Metaspace",
      replacement: "▁",
      prepend_scheme: "always",
      split: true,
    };
    const json = tokenizerJsonSchema.parse({
      added_tokens: [],
      normalizer: kind === "space" ? null : { type: "Sequence", normalizers },
      pre_tokenizer: kind === "space" ? metaspace : null,
      post_processor: null,
      decoder: null,
      model: {
        ...{ type: "BPE", unk_token: "<unk>", fuse_unk: true, byte_fallback: false },
        vocab: Object.fromEntries(vocab.map((it, id) => [it, id])),
        merges: ["▁ ▁", ...letters.map((it) => `▁ ${it}`)],
      },
    });
    const own = new EncoderTokenizer(json, tokenizerConfigSchema.parse({}), { lowers: false });
    const text = "a bc d".concat(" cd ab".repeat(20_000));
    expect(await encodeStart(own, text, all())).toEqual(own.encodeText(text));
  },
);

test("lines without spaces are cut between lines", async () => {
  const own = create("bert");
  const text = "bacedimo\nfonuha\n".repeat(10_000);
  expect(await encodeStart(own, text, all())).toEqual(own.encodeText(text));
});

test.each([
  ["words", "bace dimo ".repeat(30_000)],
  ["no spaces", "ba".repeat(150_000)],
  ["spaces alone", " ".repeat(300_000)],
  ["characters of two halves", `a${"👋".repeat(150_000)}`],
])("no part of a text of %s is long, and nothing of it is lost", async (_name, text) => {
  const { parts, encoder } = createRecorder();
  const ids = await encodeStart(encoder, text, all());
  expect(parts.join("") === text).toBe(true);
  expect(ids.length).toBe([...text].length);
  expect(Math.max(...parts.map((it) => it.length))).toBeLessThanOrEqual(65_536);
});

test("a text of no tokens is not taken apart as a whole to find that out", async () => {
  const { parts, encoder } = createRecorder();
  const silent = { ...encoder, encodeText: (text: string) => encoder.encodeText(text).slice(0, 0) };
  const ids = await encodeStart(silent, " ".repeat(1 << 20), { ...all(), countMax: 65 });
  expect(ids).toEqual([]);
  expect(Math.max(...parts.map((it) => it.length))).toBeLessThanOrEqual(65_536);
});

test("who leaves is let go between two parts", async () => {
  const { parts, encoder } = createRecorder();
  const abort = new AbortController();
  const leaving = {
    ...encoder,
    encodeText: (text: string) => {
      if (parts.length === 2) abort.abort(new Error("gone"));
      return encoder.encodeText(text);
    },
  };
  const reading = encodeStart(leaving, "bace dimo ".repeat(100_000), all(abort.signal));
  await expect(reading).rejects.toThrow("gone");
  expect(parts).toHaveLength(3);
});
