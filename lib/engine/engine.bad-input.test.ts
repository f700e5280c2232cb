/**
 * Goal: what is wrong with a request fails that request alone, and what is wrong with a folder is told
 * before anyone is served, each with the fault's name and a remedy.
 * Method: small models of random weights with one flaw each, beside neighbours that must not notice.
 */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { StartError } from "@/lib/util/start-error";
import { Engine, type EngineOptions, type EngineRequest } from "./engine";
import { type SyntheticModelOptions, writeSyntheticModel } from "./synthetic/write-synthetic-model";
import { collect } from "./testing";

const root = mkdtempSync(join(tmpdir(), "parley-bad-input-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folderCount = 0;
async function write(options: Omit<SyntheticModelOptions, "folder"> = {}): Promise<string> {
  const folder = join(root, `model-${folderCount++}`);
  await writeSyntheticModel({ folder, preset: "tiny", ...options });
  return folder;
}

const load = (folder: string, options: Partial<EngineOptions> = {}) =>
  Engine.load(folder, { threadCount: 1, slotCount: 4, graphCacheFolder: root, ...options });

const greedy = { sampling: { temperature: 0 }, stop: [], ignoreEos: true } as const;
const ids = (count: number, step: number) =>
  Array.from({ length: count }, (_, at) => 60 + ((at * step) % 200));

describe("a request", () => {
  /** A token whose logits are NaN whenever it is the newest. */
  const POISON = 42;
  let engine: Engine;
  beforeAll(async () => {
    engine = await load(await write({ flaws: { nanLogits: POISON } }));
  });
  afterAll(() => engine.close());

  test.each<[string, Partial<Extract<EngineRequest, { promptIds: unknown }>>, object]>([
    ["no prompt", { promptIds: [] }, { code: "invalid-request", param: "promptIds" }],
    ["an unknown token", { promptIds: [1, 1_000] }, { message: /1000 is not a token.*0 to 999/ }],
    ["a token below 0", { promptIds: [-1] }, { param: "promptIds" }],
    ["half a token", { promptIds: [1.5] }, { param: "promptIds" }],
    ["a prompt over the context", { promptIds: ids(512, 7) }, { code: "context-length-exceeded" }],
    [
      "an unknown biased token",
      { sampling: { logitBias: new Map([[1_000, 1]]) } },
      { param: "sampling.logitBias" },
    ],
    ["an unknown stop token", { stopTokenIds: [5, 4_000] }, { param: "stopTokenIds" }],
    ["a least length beyond the longest", { minTokens: 4 }, { param: "minTokens" }],
  ])("with %s is refused and takes no slot", async (_what, changes, expected) => {
    const request = { ...greedy, promptIds: [60, 61], maxTokens: 3, ...changes };
    const answer = collect(engine, request);
    const { message, ...rest } = expected as { message?: RegExp };
    await expect(answer).rejects.toMatchObject(rest);
    if (message) await expect(collect(engine, request)).rejects.toThrow(message);
    expect([engine.runningCount, engine.heldSlotCount]).toEqual([0, 0]);
  });

  test("whose logits are NaN fails, and its neighbours go on as if nothing were", async () => {
    const neighbour = { ...greedy, promptIds: ids(20, 11), maxTokens: 15 };
    const alone = await collect(engine, neighbour);
    const force = (id: number) => ({ temperature: 0, logitBias: new Map([[id, 100]]) });
    const [beside, prompt, middle, reported] = await Promise.allSettled([
      collect(engine, neighbour),
      collect(engine, { ...greedy, promptIds: [60, 61, POISON], maxTokens: 5 }),
      // Its first token is drawn from good logits and poisons the second.
      collect(engine, { ...greedy, promptIds: ids(9, 3), maxTokens: 5, sampling: force(POISON) }),
      collect(engine, { ...greedy, promptIds: [60, POISON, 61], reportPrompt: true }),
    ]);
    expect(beside).toMatchObject({ status: "fulfilled", value: { text: alone.text } });
    for (const failed of [prompt, middle, reported]) {
      expect(failed).toMatchObject({ status: "rejected", reason: { code: "internal" } });
      expect((failed as PromiseRejectedResult).reason.message).toMatch(/no usable numbers/);
    }
    await vi.waitFor(() => expect(engine.heldSlotCount).toBe(0));
    engine.assertConsistent();
  });
});

describe("a folder", () => {
  const graphOf = (folder: string) => join(folder, "onnx/model.onnx");

  async function refusal(folder: string, options?: Partial<EngineOptions>): Promise<StartError> {
    const error = await load(folder, options).then(
      (engine) => engine.close().then(() => undefined),
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(StartError);
    return error as StartError;
  }

  test.each([
    ["16-bit ids", { flaws: { inputIdsType: "int32" } }, /input_ids is int32, not int64/],
    ["no logits", { flaws: { logitsName: "scores" } }, /has no logits/],
  ] as const)("whose graph has %s is refused by name", async (_what, options, words) => {
    const error = await refusal(await write(options));
    expect(error.message).toMatch(words);
    expect(error.remedy).toMatch(/[Ee]xport/);
  });

  test("whose graph is cut short names the file, at whatever byte it ends", async () => {
    const folder = await write();
    const whole = readFileSync(graphOf(folder));
    for (const share of [0, 0.01, 0.3, 0.7, 0.999]) {
      writeFileSync(graphOf(folder), whole);
      truncateSync(graphOf(folder), Math.floor(whole.length * share));
      const error = await refusal(folder);
      expect(error.message).toContain(graphOf(folder));
      expect(error.remedy).toMatch(/[Cc]opy the file again/);
    }
  });

  test("whose graph is noise, or whose weights beside it are cut short, names the file", async () => {
    const noise = await write();
    writeFileSync(graphOf(noise), Buffer.from("<html>404 not found</html>".repeat(50)));
    expect((await refusal(noise)).message).toContain(graphOf(noise));
    const beside = await write({ weightsBeside: true });
    truncateSync(`${graphOf(beside)}_data`, 1_000);
    const error = await refusal(beside);
    expect(error.message).toContain("model.onnx");
    expect(error.remedy).toMatch(/[Cc]opy the file again/);
  });

  test.each([
    ["tokenizer.json", /tokenizer\.json is missing/],
    ["config.json", /config\.json is missing/],
  ])("without %s is refused", async (name, words) => {
    const folder = await write();
    rmSync(join(folder, name));
    expect((await refusal(folder)).message).toMatch(words);
  });

  test("with another dtype of the cache, a longer context or more slots than there can be is refused", async () => {
    const folder = await write();
    expect(await refusal(folder, { kvDtype: "float16" })).toMatchObject({
      message: expect.stringMatching(/computes with float32/),
      remedy: expect.stringContaining("--kv-dtype"),
    });
    expect(await refusal(folder, { contextLengthMax: 513 })).toMatchObject({
      message: expect.stringMatching(/trained to read 512/),
      remedy: expect.stringContaining("--max-model-len"),
    });
    const tight = { memoryBytes: 8 * 2 ** 20, slotCount: 1_000, mayRunFewerSlots: false };
    expect((await refusal(folder, tight)).remedy).toMatch(/--slots \d+ or fewer/);
  });

  test("that varies with the batch is served only to who accepts it", async () => {
    const folder = await write({ form: "int8-dynamic" });
    expect((await refusal(folder)).remedy).toContain("--allow-batch-variance");
    const engine = await load(folder, { mayVaryWithBatch: true });
    expect(engine.model.isBatchInvariant).toBe(false);
    await engine.close();
  });
});

test("a shorter context than the model's is one that is served", async () => {
  const engine = await load(await write(), { contextLengthMax: 32 });
  const { end } = await collect(engine, { ...greedy, promptIds: ids(20, 3) });
  expect(end).toMatchObject({ finishReason: "length", completionTokenCount: 12 });
  await expect(collect(engine, { ...greedy, promptIds: ids(32, 3) })).rejects.toThrow(
    /context holds 32 tokens/,
  );
  await engine.close();
});

test("a model without a chat template or an end token is served with a warning", async () => {
  const folder = await write();
  const path = join(folder, "tokenizer_config.json");
  const { chat_template: _, eos_token: __, ...config } = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify(config));
  const engine = await load(folder);
  expect(engine.model.warnings.join()).toContain("No chat template");
  const messages = [{ role: "user" as const, content: "Hello" }];
  expect(
    (await collect(engine, { ...greedy, messages, maxTokens: 4 })).end.completionTokenCount,
  ).toBe(4);
  await engine.close();
});

describe("stop tokens", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await load(await write({ logitScale: 1 }));
  });
  afterAll(() => engine.close());
  const request = { sampling: { temperature: 1, seed: 3 }, stop: [], promptIds: ids(12, 5) };
  const tokensOf = async (changes: Partial<EngineRequest>) => {
    const whole = {
      ...request,
      maxTokens: 30,
      logProbabilityCount: 0,
      ...changes,
    } as EngineRequest;
    const { tokens, end } = await collect(engine, whole);
    return { drawn: tokens.map(({ id }) => id), finishReason: end.finishReason };
  };

  test("end the answer where they are drawn, but not before its least length", async () => {
    const free = await tokensOf({ ignoreEos: true });
    expect(free.drawn).toHaveLength(30);
    const stopTokenIds = [free.drawn[9]!];
    const stopped = await tokensOf({ ignoreEos: true, stopTokenIds });
    const at = free.drawn.indexOf(stopTokenIds[0]!);
    expect(stopped).toEqual({ drawn: free.drawn.slice(0, at + 1), finishReason: "stop" });
    const later = await tokensOf({ ignoreEos: true, stopTokenIds, minTokens: 20 });
    expect(later.drawn.slice(0, 20)).not.toContain(stopTokenIds[0]);
    expect(later.drawn.length).toBeGreaterThanOrEqual(20);
  });

  test("and stop strings wait for the least length too", async () => {
    const words = { ...request, ignoreEos: true, maxTokens: 30, stop: ["\n", "t", " "] };
    const { end } = await collect(engine, { ...words, minTokens: 25 });
    expect(end.completionTokenCount).toBeGreaterThanOrEqual(25);
  });

  test("of the model are tokens like others when they are to be ignored", async () => {
    const [end] = engine.model.files.endTokenIds;
    const sampling = { temperature: 0, logitBias: new Map([[end!, 100]]) };
    expect(await tokensOf({ sampling })).toEqual({ drawn: [end], finishReason: "stop" });
    const ignored = await tokensOf({ sampling, ignoreEos: true, maxTokens: 4 });
    expect(ignored).toEqual({ drawn: [end, end, end, end], finishReason: "length" });
    const late = await tokensOf({ sampling, minTokens: 3 });
    expect(late.drawn).toHaveLength(4);
    expect(late.drawn.indexOf(end!)).toBe(3);
  });
});
