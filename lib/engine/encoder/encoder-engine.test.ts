/**
 * Goal: vectors and judgements are those of each text alone, whatever runs beside it.
 * Method: a seeded encoder; the same graph run by hand, a text at a time and without padding, pooled in
 * plain loops; mixes of requests drawn by seed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { openGraphSession } from "../onnx/open-session";
import {
  type SyntheticEncoderOptions,
  writeSyntheticEncoder,
} from "../synthetic/write-synthetic-encoder";
import { EncoderEngine } from "./encoder-engine";

const never = new AbortController().signal;
let root = "";
const engines: EncoderEngine[] = [];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "parley-encoder-"));
});
afterAll(async () => {
  for (const engine of engines) await engine.close();
  await rm(root, { recursive: true });
});

async function open(
  name: string,
  options: Omit<SyntheticEncoderOptions, "folder"> = {},
  load: Partial<Parameters<typeof EncoderEngine.load>[1]> = {},
): Promise<EncoderEngine> {
  const folder = join(root, name);
  await writeSyntheticEncoder({ folder, ...options });
  const graphCacheFolder = join(root, "cache");
  const engine = await EncoderEngine.load(folder, { threadCount: 1, graphCacheFolder, ...load });
  engines.push(engine);
  return engine;
}

const SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu"];

/** A text of so many words, one token each. */
function drawText(random: () => number, wordCount: number): string {
  const draw = () => SYLLABLES[Math.floor(random() * SYLLABLES.length)] ?? "ba";
  return Array.from({ length: wordCount }, () => draw() + draw()).join(" ");
}

/** What the graph gives for one text, without padding and without any of the engine's own code. */
async function runByHand(engine: EncoderEngine, ids: readonly number[], types?: readonly number[]) {
  const { files, runner } = engine.model;
  const { session } = await openGraphSession(files.weightPath, { threadCount: 1 });
  const { name, kind, size } = runner.signature.output;
  const binding = session.createBinding();
  const dims = [1, ids.length];
  const toTensor = (values: readonly number[]) =>
    ({ type: "int64", data: BigInt64Array.from(values, BigInt), dims }) as const;
  binding.bindInput("input_ids", toTensor(ids));
  binding.bindInput("attention_mask", toTensor(ids.map(() => 1)));
  if (session.inputs.some((it) => it.name === "token_type_ids")) {
    binding.bindInput("token_type_ids", toTensor(types ?? ids.map(() => 0)));
  }
  const data = new Float32Array(size * (kind === "tokens" ? ids.length : 1));
  const outputDims = kind === "tokens" ? [1, ids.length, size] : [1, size];
  binding.bindOutput(name, { type: "float32", data, dims: outputDims });
  await binding.run();
  binding.close();
  await session.close();
  return Array.from({ length: data.length / size }, (_, row) => [
    ...data.subarray(row * size, (row + 1) * size),
  ]);
}

const idsOf = ({ model }: EncoderEngine, text: string) => model.tokenizer.encode(text).ids;
const column = (rows: number[][], index: number) => rows.map((row) => row[index] ?? Number.NaN);
const sum = (values: number[]) => values.reduce((total, it) => total + it, 0);

/** Each way of pooling as its definition reads. */
const REFERENCE: Record<string, (values: number[]) => number> = {
  cls: (values) => values[0] ?? Number.NaN,
  max: (values) => Math.max(...values),
  mean: (values) => sum(values) / values.length,
  mean_sqrt_len: (values) => sum(values) / Math.sqrt(values.length),
  weightedmean: (values) =>
    sum(values.map((it, index) => it * (index + 1))) / sum(values.map((_, index) => index + 1)),
  lasttoken: (values) => values.at(-1) ?? Number.NaN,
};

function pool(rows: number[][], mode: string): number[] {
  const size = rows[0]?.length ?? 0;
  return Array.from({ length: size }, (_, index) => REFERENCE[mode]?.(column(rows, index)) ?? 0);
}

function toUnit(vector: number[]): number[] {
  const length = Math.sqrt(sum(vector.map((it) => it * it)));
  return vector.map((it) => it / length);
}

function expectClose(actual: readonly number[] | undefined, expected: readonly number[]) {
  expect(actual).toHaveLength(expected.length);
  const differences = expected.map((it, index) => Math.abs(it - (actual?.[index] ?? Number.NaN)));
  expect(Math.max(...differences)).toBeLessThan(1e-5);
}

const poolingFiles = (modes: Record<string, boolean>, more: object[] = []) => ({
  "modules.json": [
    { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
    { idx: 1, name: "1", path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
    ...more,
    { idx: 3, name: "3", path: "3_Normalize", type: "sentence_transformers.models.Normalize" },
  ],
  "1_Pooling/config.json": { word_embedding_dimension: 64, ...modes },
});

describe("vectors", () => {
  test.each([
    ["cls", "pooling_mode_cls_token"],
    ["max", "pooling_mode_max_tokens"],
    ["mean", "pooling_mode_mean_tokens"],
    ["mean_sqrt_len", "pooling_mode_mean_sqrt_len_tokens"],
    ["weightedmean", "pooling_mode_weightedmean_tokens"],
    ["lasttoken", "pooling_mode_lasttoken"],
  ])(
    "are pooled by %s where the folder says so, and padding has no part in them",
    async (mode, key) => {
      const engine = await open(mode, { files: poolingFiles({ [key]: true }) });
      const random = seededRandom(1);
      // 3 and 4 tokens share a pass; 20 and 18 another.
      const texts = [1, 2, 18, 16].map((words) => drawText(random, words));
      const { embeddings, tokenCount } = await engine.embed(texts, { signal: never });
      expect(tokenCount).toBe(1 + 2 + 18 + 16 + 4 * 2);
      for (const [index, text] of texts.entries()) {
        const rows = await runByHand(engine, idsOf(engine, text));
        expectClose(embeddings[index], toUnit(pool(rows, mode)));
      }
    },
  );

  test("of several ways are joined in their order", async () => {
    const modes = { pooling_mode_mean_tokens: true, pooling_mode_cls_token: true };
    const engine = await open("joined", { files: poolingFiles(modes) });
    const { embeddings } = await engine.embed(["bace dimo"], { signal: never });
    const rows = await runByHand(engine, idsOf(engine, "bace dimo"));
    expectClose(embeddings[0], toUnit([...pool(rows, "cls"), ...pool(rows, "mean")]));
  });

  test("without a word about it are the mean, with a warning; a graph's own are taken as they are", async () => {
    const plain = await open("plain", { seed: 3 });
    expect(plain.model.warnings).toEqual([expect.stringContaining("modules.json")]);
    const sentence = await open("sentence", { seed: 3, head: { kind: "sentence" } });
    expect(sentence.model.warnings).toEqual([]);
    const texts = ["ba", "bace dimo fonu", "ha ke li"];
    const [a, b] = await Promise.all([
      plain.embed(texts, { signal: never }),
      sentence.embed(texts, { signal: never }),
    ]);
    for (const [index, vector] of a.embeddings.entries()) expectClose(b.embeddings[index], vector);
  });

  test.each([
    { family: "bert" },
    { family: "roberta" },
    { form: "int8-block32" },
    { form: "int4-block128", dimensions: { hiddenSize: 128 } },
  ] as const)("of %j do not depend on what shares the pass", async (options) => {
    const seed = 20;
    const engine = await open(`mix-${JSON.stringify(options).length}`, options);
    const random = seededRandom(seed);
    const requests = Array.from({ length: 6 }, () =>
      Array.from({ length: 1 + Math.floor(random() * 12) }, () =>
        drawText(random, 1 + Math.floor(random() * 60)),
      ),
    );
    const together = await Promise.all(
      requests.map((texts) => engine.embed(texts, { signal: never })),
    );
    for (const [at, texts] of requests.entries()) {
      for (const [index, text] of texts.entries()) {
        const alone = await engine.embed([text], { signal: never });
        expectClose(together[at]?.embeddings[index], alone.embeddings[0] ?? []);
      }
    }
    const rows = await runByHand(engine, idsOf(engine, requests[0]?.[0] ?? ""));
    expectClose(together[0]?.embeddings[0], toUnit(pool(rows, "mean")));
  });

  test("of a form with one scale for all activations come from passes of one text", async () => {
    const engine = await open("dynamic", { form: "int8-dynamic" });
    expect(engine.model).toMatchObject({ rowsMax: 1, isBatchInvariant: true });
    const texts = ["bace", "dimo", "bace dimo fonu ha"];
    const { embeddings } = await engine.embed(texts, { signal: never });
    for (const [index, text] of texts.entries()) {
      const rows = await runByHand(engine, idsOf(engine, text));
      expectClose(embeddings[index], toUnit(pool(rows, "mean")));
    }
    const varying = await open("varying", { form: "int8-dynamic" }, { mayVaryWithBatch: true });
    expect(varying.model).toMatchObject({ isBatchInvariant: false });
  });
});

describe("long texts", () => {
  const long = () => drawText(seededRandom(5), 150);

  test("are refused by name unless said otherwise", async () => {
    const engine = await open("refuse");
    const failure = engine.embed(["ba", long()], { signal: never });
    await expect(failure).rejects.toMatchObject({
      code: "context-length-exceeded",
      param: "inputs.1",
      message: expect.stringMatching(/^This text is longer .* 64 tokens/),
    });
    const fits = drawText(seededRandom(5), 62);
    expect((await engine.embed([fits], { signal: never })).tokenCount).toBe(64);
  });

  test("are cut before their end token, or read in pieces of the model's length", async () => {
    const engine = await open("overflow");
    const ids = idsOf(engine, long());
    const [first = 0, last = 0] = [ids[0], ids.at(-1)];
    const body = ids.slice(1, -1);
    const wrap = (from: number, to: number) => [first, ...body.slice(from, to), last];
    const read = async (piece: number[]) => toUnit(pool(await runByHand(engine, piece), "mean"));
    const cut = await engine.embed([long()], { overflow: "truncate", signal: never });
    expectClose(cut.embeddings[0], await read(wrap(0, 62)));
    expect(cut.tokenCount).toBe(64);
    const cutIds = await engine.embed([ids], { overflow: "truncate", signal: never });
    expect(cutIds).toEqual(cut);

    const averaged = await engine.embed([long()], { overflow: "average", signal: never });
    const pieces = [await read(wrap(0, 62)), await read(wrap(62, 124)), await read(wrap(124, 150))];
    const weights = [62, 62, 26];
    const expected = pieces[0]?.map((_, index) =>
      sum(pieces.map((piece, at) => (piece[index] ?? 0) * (weights[at] ?? 0))),
    );
    expectClose(averaged.embeddings[0], toUnit(expected ?? []));
    expect(averaged.tokenCount).toBe(150 + 3 * 2);
  });
});

test("ids of a text are made in turns with others, and for nobody who has left", async () => {
  const engine = await open("tokenize");
  expect(await engine.encodeText("bace dimo", { signal: never })).toEqual(
    idsOf(engine, "bace dimo"),
  );
  expect(await engine.encodeText("", { signal: never })).toEqual([]);
  const abort = new AbortController();
  const long = engine.encodeText("bace dimo ".repeat(100_000), { signal: abort.signal });
  setImmediate(() => abort.abort(new Error("gone")));
  await expect(long).rejects.toThrow("gone");
});

describe("bad input", () => {
  test("is refused by name", async () => {
    const engine = await open("bad");
    const refuse = async (inputs: (string | number[])[], error: object) =>
      await expect(engine.embed(inputs, { signal: never })).rejects.toMatchObject(error);
    await refuse(["ba", [5, 6_000]], { code: "invalid-request", param: "inputs.1" });
    await refuse([[1.5]], { code: "invalid-request", param: "inputs.0" });
    const asked = engine.rerank("ba", ["ce"], { signal: never });
    await expect(asked).rejects.toMatchObject({ code: "not-supported", param: "model" });
    const classified = engine.classify(["ba"], { signal: never });
    await expect(classified).rejects.toMatchObject({ code: "not-supported" });
    expect(() => engine.decode([9_999])).toThrow(/not a token/);
  });

  test("typed control tokens are text", async () => {
    const engine = await open("typed");
    const ids = idsOf(engine, "ba [SEP] ce");
    expect(ids.filter((id) => id === 3)).toHaveLength(1);
    expect(ids.at(-1)).toBe(3);
    expect(engine.decode(idsOf(engine, "bace dimo"))).toBe("[CLS] bace dimo [SEP]");
  });

  test("an abort ends a request between two passes and leaves nothing behind", async () => {
    const engine = await open("abort");
    const abort = new AbortController();
    const random = seededRandom(7);
    const texts = Array.from({ length: 200 }, () => drawText(random, 40));
    const running = engine.embed(texts, { signal: abort.signal });
    const other = engine.embed(["ba"], { signal: never });
    await other;
    abort.abort(new Error("gone"));
    await expect(running).rejects.toThrow("gone");
    expect(engine.runningCount).toBe(0);
    expect((await engine.embed(["ba"], { signal: never })).embeddings).toEqual(
      (await other).embeddings,
    );
  });
});

describe("judgements", () => {
  test("a cross-encoder scores pairs by their template, cuts documents and never the query", async () => {
    const engine = await open("cross", { head: { kind: "classifier", labelCount: 1 } });
    expect(engine.abilities).toEqual(["rerank", "classify"]);
    const random = seededRandom(9);
    const query = drawText(random, 5);
    const documents = [3, 30, 100, 1].map((words) => drawText(random, words));
    const { scores, tokenCount } = await engine.rerank(query, documents, { signal: never });
    const queryIds = idsOf(engine, query).slice(1, -1);
    let counted = 0;
    for (const [index, document] of documents.entries()) {
      const ids = idsOf(engine, document)
        .slice(1, -1)
        .slice(0, 64 - 3 - 5);
      const pair = [2, ...queryIds, 3, ...ids, 3];
      const types = pair.map((_, at) => (at < queryIds.length + 2 ? 0 : 1));
      counted += pair.length;
      const [[logit = Number.NaN] = []] = await runByHand(engine, pair, types);
      expect(scores[index]).toBeCloseTo(1 / (1 + Math.exp(-logit)), 5);
    }
    expect(tokenCount).toBe(counted);
    expect(new Set(scores).size).toBe(documents.length);
    const strict = engine.rerank(query, documents, { overflow: "refuse", signal: never });
    await expect(strict).rejects.toMatchObject({
      code: "context-length-exceeded",
      param: "documents.2",
    });
    const tooLong = engine.rerank(drawText(random, 61), ["ba"], { signal: never });
    await expect(tooLong).rejects.toMatchObject({
      code: "context-length-exceeded",
      param: "query",
    });
    const vectors = engine.embed(["ba"], { signal: never });
    await expect(vectors).rejects.toMatchObject({ code: "not-supported" });
  });

  test("RoBERTa's pairs have two separators and no types", async () => {
    const head = { kind: "classifier", labelCount: 1 } as const;
    const engine = await open("cross-roberta", { family: "roberta", head });
    expect(engine.model.contextLength).toBe(64);
    const [query = 0] = idsOf(engine, "bace").slice(1, -1);
    const [document = 0] = idsOf(engine, "dimo").slice(1, -1);
    const { scores } = await engine.rerank("bace", ["dimo"], { signal: never });
    const [[logit = Number.NaN] = []] = await runByHand(engine, [0, query, 2, 2, document, 2]);
    expect(scores[0]).toBeCloseTo(1 / (1 + Math.exp(-logit)), 5);
  });

  test("a classifier gives shares of one, or of each label where several can hold", async () => {
    const head = { kind: "classifier", labelCount: 3 } as const;
    const labels = ["calm", "glad", "cross"];
    const single = await open("single", { head, labels });
    expect(single.abilities).toEqual(["classify"]);
    const { results } = await single.classify(["bace dimo", "fo"], { signal: never });
    const [logits = []] = await runByHand(single, idsOf(single, "bace dimo"));
    const shares = logits.map((it) => Math.exp(it) / sum(logits.map(Math.exp)));
    for (const [index, label] of labels.entries()) {
      const found = results[0]?.find((it) => it.label === label);
      expect(found?.score).toBeCloseTo(shares[index] ?? Number.NaN, 5);
    }
    const scores = results[0]?.map((it) => it.score) ?? [];
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(sum(scores)).toBeCloseTo(1, 6);

    const config = { problem_type: "multi_label_classification" };
    const multi = await open("multi", { head, labels, config });
    const apart = await multi.classify(["bace dimo"], { signal: never });
    const glad = apart.results[0]?.find((it) => it.label === "glad");
    expect(glad?.score).toBeCloseTo(1 / (1 + Math.exp(-(logits[1] ?? Number.NaN))), 5);
    await expect(single.rerank("ba", ["ce"], { signal: never })).rejects.toMatchObject({
      code: "not-supported",
    });
  });
});
