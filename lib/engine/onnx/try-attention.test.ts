/**
 * Goal: attention that looks back fewer tokens than are served is never taken for one that looks back all.
 * Method: seeded graphs whose mask has a window of every awkward size, tried against GroupQueryAttention.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { GrowingForm } from "../synthetic/growing-attention";
import { writeSyntheticModel } from "../synthetic/write-synthetic-model";
import { findAttentions } from "./find-attentions";
import { fuseAttentions } from "./fuse-attention";
import { findWindow } from "./model-config";
import { decodeModel } from "./onnx-model";
import { findAttentionDifference } from "./try-attention";

const root = mkdtempSync(join(tmpdir(), "parley-try-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const CONTEXT = 8_192;
const HEADS = { headCount: 4, kvHeadCount: 2, headSize: 16 };

let modelCount = 0;
async function tryOut(
  growing: GrowingForm,
  options: { form?: "fp16"; window?: number; numberCountMax?: number; heads?: typeof HEADS } = {},
) {
  const { form, window, numberCountMax, heads = HEADS } = options;
  const folder = join(root, `model-${modelCount++}`);
  const dimensions = { ...heads, vocabularySize: 300, layerCount: 2, contextLength: CONTEXT };
  const { graphFile } = await writeSyntheticModel({
    folder,
    growing,
    dimensions,
    ...(form && { form }),
  });
  const model = decodeModel(readFileSync(join(folder, "onnx", graphFile)));
  const attentions = findAttentions(model.graph);
  if (typeof attentions === "string") throw new Error(attentions);
  const shape = { ...heads, scale: heads.headSize ** -0.5 };
  const fused = fuseAttentions(model, attentions, shape);
  if (typeof fused === "string") throw new Error(fused);
  return findAttentionDifference(model, fused, {
    ...{ attentions, shape, dtype: form ? "float16" : "float32", contextLength: CONTEXT },
    window,
    ...(numberCountMax && { numberCountMax }),
  });
}

test.each([48, 4_096, 5_000, CONTEXT - 1])("a window of %i tokens is found", async (window) => {
  expect(await tryOut({ window })).toMatchObject({
    reason: expect.stringContaining("looks back a limited number of tokens"),
    isFarOnly: true,
  });
});

test("a window that hides nothing of what is served is none", async () => {
  expect(await tryOut({ window: CONTEXT })).toBeUndefined();
});

test("few wide heads in half precision hide no window behind their rounding", async () => {
  const heads = { headCount: 2, kvHeadCount: 2, headSize: 32 };
  expect(await tryOut({}, { form: "fp16", heads })).toBeUndefined();
  const found = await tryOut({ window: 4_096 }, { form: "fp16", heads });
  expect(found?.isFarOnly).toBe(true);
});

describe("where memory ends before the context", () => {
  /** Of 4 heads of 16: 4,096 tokens. */
  const numberCountMax = 4_096 * 64;

  test("a number in the graph that may be a window keeps attention as it is", async () => {
    expect(await tryOut({ window: 5_000 }, { numberCountMax })).toMatchObject({
      reason: expect.stringContaining("may look back 5000 tokens"),
      isFarOnly: true,
    });
  });

  test("a window in the configuration does, too", async () => {
    const found = await tryOut({}, { numberCountMax, window: 6_000 });
    expect(found?.reason).toContain("may look back 6000 tokens");
  });

  test("nothing that speaks of a window is no reason", async () => {
    expect(await tryOut({}, { numberCountMax })).toBeUndefined();
    expect(await tryOut({}, { numberCountMax, window: CONTEXT })).toBeUndefined();
  });
});

test.each([
  [{ sliding_window: 4_096 }, 4_096],
  [{ sliding_window: 4_096, use_sliding_window: false }, undefined],
  [{ sliding_window: 4_096, layer_types: ["full_attention", "full_attention"] }, undefined],
  [{ sliding_window: 512, layer_types: ["full_attention", "sliding_attention"] }, 512],
  [{ attention_chunk_size: 8_192, use_sliding_window: false }, 8_192],
  [{ window_size: 256, sliding_window: undefined }, 256],
  [{}, undefined],
])("%o looks back %s tokens", (config, expected) => {
  expect(findWindow(config)).toBe(expected);
});
