import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine } from "../engine";
import { writeSyntheticModel } from "../synthetic/write-synthetic-model";
import { embedInPieces } from "./embed-in-pieces";

const signal = new AbortController().signal;
const CONTEXT = 160;
let folder: string;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-pieces-"));
  await writeSyntheticModel({
    ...{ folder, withHiddenState: true, dimensions: { contextLength: CONTEXT } },
  });
  const graphCacheFolder = join(folder, "cache");
  engine = await Engine.load(folder, { threadCount: 1, slotCount: 1, graphCacheFolder });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

test("a long text is refused, cut, or averaged by the tokens of its pieces", async () => {
  // A byte a token.
  const text = "One lantern, and rain. ".repeat(20);
  const refused = embedInPieces(engine, ["short", text], { signal });
  await expect(refused).rejects.toMatchObject({
    ...{ code: "context-length-exceeded", param: "inputs.1" },
    message: expect.stringMatching(/^This text is longer .* 159 tokens.*`overflow`/),
  });
  const ids = engine.encodeText(text);
  expect(ids).toHaveLength(460);
  const room = CONTEXT - 1;
  const parts = [ids.slice(0, room), ids.slice(room, 2 * room), ids.slice(2 * room)];
  const { embeddings } = await engine.embed(parts, signal);
  const cut = await embedInPieces(engine, [text], { overflow: "truncate", signal });
  expect(cut).toEqual({ embeddings: [embeddings[0]], tokenCount: room });

  const averaged = await embedInPieces(engine, ["x", text, ids], { overflow: "average", signal });
  expect(averaged.tokenCount).toBe(1 + 2 * 460);
  const sums = embeddings[0]?.map((_, at) =>
    parts.reduce((sum, part, index) => sum + part.length * (embeddings[index]?.[at] ?? 0), 0),
  );
  const length = Math.hypot(...(sums ?? []));
  for (const [at, sum] of (sums ?? []).entries()) {
    expect(averaged.embeddings[1]?.[at]).toBeCloseTo(sum / length, 6);
  }
  expect(averaged.embeddings[2]).toEqual(averaged.embeddings[1]);
});

test("what is wrong with a piece is told of its text", async () => {
  const ids = engine.encodeText("One lantern, and rain. ".repeat(20));
  const wrong = embedInPieces(engine, [ids, [5, 99_999]], { overflow: "average", signal });
  await expect(wrong).rejects.toMatchObject({ code: "invalid-request", param: "inputs.1" });
});

test.each(["refuse", "truncate", "average"] as const)(
  "ids that are none are named by their text, also in a part that is cut off (%s)",
  async (overflow) => {
    const ids = engine.encodeText("One lantern. ".repeat(12)).slice(0, CONTEXT - 1);
    const long = [...ids, ...ids];
    const wrong = overflow === "refuse" ? [5, 99_999] : [...long, 99_999];
    const before = overflow === "refuse" ? ids : long;
    const asked = embedInPieces(engine, [before, "x", wrong], { overflow, signal });
    await expect(asked).rejects.toMatchObject({
      ...{ code: "invalid-request", param: "inputs.2" },
      message: expect.stringMatching(/^99999 is not a token/),
    });
  },
);

test("a graph whose states are halves says what it lacks", async () => {
  const half = join(folder, "half");
  await writeSyntheticModel({ folder: half, form: "fp16", withHiddenState: true });
  const options = { threadCount: 1, slotCount: 1, graphCacheFolder: join(folder, "cache") };
  const model = await Engine.load(half, options);
  const asked = embedInPieces(model, ["x"], { overflow: "truncate", signal });
  await expect(asked).rejects.toMatchObject({
    code: "not-supported",
    message: expect.stringContaining("no last_hidden_state of float32"),
  });
  await model.close();
});
