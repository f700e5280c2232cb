/**
 * Goal: the probe tells a graph whose rows depend on each other from one whose rows do not.
 * Method: graphs of random weights, of which the dynamic form scales activations over the whole batch
 * on any processor. Which of the others want an even number of rows is for each processor to say.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Engine } from "./engine";
import type { WeightForm } from "./synthetic/weight-form";
import { writeSyntheticAdapter } from "./synthetic/write-synthetic-adapter";
import { toDimensions, writeSyntheticModel } from "./synthetic/write-synthetic-model";

const root = mkdtempSync(join(tmpdir(), "parley-invariance-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function load(form: WeightForm) {
  const folder = join(root, form);
  await writeSyntheticModel({ folder, preset: "tiny", form });
  const mayVaryWithBatch = form === "int8-dynamic";
  const options = { threadCount: 1, slotCount: 1, graphCacheFolder: root, mayVaryWithBatch };
  const engine = await Engine.load(folder, options);
  const { isBatchInvariant, mayCutAnywhere, runner } = engine.model;
  await engine.close();
  return { isBatchInvariant, mayCutAnywhere, rowCount: runner.cache.rowCount };
}

test("one scale for all activations is found out", async () => {
  expect(await load("int8-dynamic")).toMatchObject({
    isBatchInvariant: false,
    mayCutAnywhere: false,
  });
});

test.each(["fp32", "fp16", "int8-block32", "int4-block128", "int8-rows"] as const)(
  "%s rows do not depend on each other, alone or filled up to pairs",
  async (form) => {
    const { isBatchInvariant, rowCount } = await load(form);
    expect(isBatchInvariant).toBe(true);
    // One slot, and its partner where the kernels work on pairs.
    expect([1, 2]).toContain(rowCount);
  },
);

test.each([2, 8, 60, 129])("a context of %i tokens is enough", async (contextLength) => {
  const folder = join(root, `context-${contextLength}`);
  await writeSyntheticModel({ folder, dimensions: { contextLength }, takesAdapters: true });
  const path = join(folder, "poet.onnx_adapter");
  const dimensions = toDimensions({ dimensions: { contextLength } });
  await writeSyntheticAdapter({ path, dimensions, seed: 9, rank: 4 });
  const engine = await Engine.load(folder, {
    ...{ threadCount: 1, slotCount: 2, graphCacheFolder: root, adapters: [{ name: "poet", path }] },
  });
  expect(engine.model).toMatchObject({ contextLength, isBatchInvariant: true });
  expect(engine.model.adapters.get("poet")?.isBatchInvariant).toBe(true);
  await engine.close();
});
