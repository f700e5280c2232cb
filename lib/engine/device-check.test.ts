/**
 * Goal: a device that computes prompts wrongly is found out, one that rounds otherwise is not.
 * Method: a synthetic model on the CPU, whose runner is made to answer long chunks otherwise.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { StartError } from "@/lib/util/start-error";
import { expectRightNumbers, onDevice } from "./device-check";
import { type LoadedModel, loadModel } from "./load-model";
import type { ModelRunner, PassLogits } from "./model-runner";
import { writeSyntheticModel } from "./synthetic/write-synthetic-model";

const folder = mkdtempSync(join(tmpdir(), "parley-device-"));
const CHECK = { device: "webgpu", source: "model.onnx" } as const;
let model: LoadedModel;
beforeAll(async () => {
  await writeSyntheticModel({ folder, seed: 5 });
  model = await loadModel(folder, { threadCount: 1, slotCount: 1, graphCacheFolder: folder });
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await model.runner.close();
  rmSync(folder, { recursive: true });
});

/** Chunks of 32 tokens and more get logits that are off by a share of their deviation, which is about 4. */
function blur(runner: ModelRunner, share: number): void {
  const prefill = runner.prefill.bind(runner);
  vi.spyOn(runner, "prefill").mockImplementation(async (options): Promise<PassLogits> => {
    const logits = await prefill(options);
    if (options.ids.length < 32) return logits;
    const at = logits.at(0);
    const all = at.all.map((value, id) => value + (id % 2 === 0 ? 4 : -4) * share);
    return { ...logits, at: () => ({ ...at, all }) };
  });
}

test("right numbers pass, and so do those that are rounded otherwise", async () => {
  await expectRightNumbers(model.runner, CHECK);
  blur(model.runner, 0.01);
  await expectRightNumbers(model.runner, CHECK);
});

test.each([0.13, 2, Number.NaN])(
  "logits that are off by %f of their deviation are refused",
  async (share) => {
    blur(model.runner, share);
    const error: unknown = await expectRightNumbers(model.runner, CHECK).catch((it) => it);
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).line).toMatch(
      /^webgpu computes model\.onnx wrongly here: .*--device cpu/,
    );
    // Nothing is bound any more, and the runner still works.
    vi.restoreAllMocks();
    await expectRightNumbers(model.runner, CHECK);
  },
);

test("a first run that fails is for a person to change; on the CPU it stays what it is", async () => {
  const cause = new Error("requires f16 but the device does not support it");
  const fail = () => Promise.reject(cause);
  const check = { source: "model.onnx", isWholeBatchScaled: false };
  await expect(onDevice({ ...check, device: "webgpu" }, fail)).rejects.toMatchObject({
    message: `model.onnx does not run on webgpu: ${cause.message}.`,
    cause,
  });
  await expect(onDevice({ ...check, device: undefined }, fail)).rejects.toBe(cause);
});

test("forms that scale activations over all that is read are not checked", async () => {
  blur(model.runner, 2);
  const made = { runner: model.runner };
  const check = { device: "webgpu", source: "model.onnx" } as const;
  const make = () => Promise.resolve(made);
  expect(await onDevice({ ...check, isWholeBatchScaled: true }, make)).toBe(made);
  await expect(onDevice({ ...check, isWholeBatchScaled: false }, make)).rejects.toThrow(/wrongly/);
});
