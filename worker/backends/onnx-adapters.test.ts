import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeSyntheticAdapter } from "@/lib/engine/synthetic/write-synthetic-adapter";
import { writeSyntheticEncoder } from "@/lib/engine/synthetic/write-synthetic-encoder";
import { toDimensions, writeSyntheticModel } from "@/lib/engine/synthetic/write-synthetic-model";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import { textMessage } from "@/lib/protocol/message";
import type { Backend } from "../backend";
import { createOnnxBackend, type OnnxBackendOptions } from "./onnx";

/** Written by the test run's set-up (scripts/bundle.mjs). */
const THREAD = new URL("../../dist/engine-thread.mjs", import.meta.url);
const never = new AbortController().signal;
const root = mkdtempSync(join(tmpdir(), "parley-onnx-adapters-"));
const fileOf = (name: string) => ({ name, path: join(root, `${name}.onnx_adapter`) });

const backends: Backend[] = [];
const create = async (folder: string, changes: Partial<OnnxBackendOptions>) => {
  const options = { threads: 1, slots: 2, threadUrl: THREAD, graphCacheFolder: root };
  const modelFolders = [join(root, folder)];
  const backend = await createOnnxBackend({ ...options, modelFolders, ...changes });
  backends.push(backend);
  return backend;
};

beforeAll(async () => {
  await writeSyntheticModel({ folder: join(root, "base"), seed: 3, takesAdapters: true });
  await writeSyntheticModel({
    folder: join(root, "poet-merged"),
    seed: 3,
    merged: { seed: 9, rank: 4 },
  });
  await writeSyntheticEncoder({ folder: join(root, "reader"), preset: "tiny" });
  const dimensions = toDimensions({});
  await writeSyntheticAdapter({ ...fileOf("poet"), dimensions, seed: 9, rank: 4 });
  await writeSyntheticAdapter({ ...fileOf("judge"), dimensions, seed: 10, rank: 8 });
});
afterAll(async () => {
  await Promise.all(backends.map((it) => it.close()));
  rmSync(root, { recursive: true, force: true });
});

async function write(backend: Backend, model: string): Promise<string> {
  const messages = [textMessage("user", "Tell me a story about a robot and a lantern.")];
  const request = { requestId: "adapters", model, messages, stop: [], maxTokens: 12 };
  const events: GenerateEvent[] = [];
  for await (const event of backend.generate({ ...request, sampling: { temperature: 0 } }, never)) {
    events.push(event);
  }
  return events.map((it) => (it.type === "text-delta" ? it.text : "")).join("");
}

test("adapters are models of their own beside their base", async () => {
  const backend = await create("base", { adapters: [fileOf("poet"), fileOf("judge")] });
  const { models } = backend.card();
  expect(models.map((it) => it.name)).toEqual(["base", "poet", "judge"]);
  expect(new Set(models.map((it) => it.build)).size).toBe(3);
  const alone = [];
  for (const { name } of models) alone.push(await write(backend, name));
  expect(await Promise.all(models.map(({ name }) => write(backend, name)))).toEqual(alone);
  expect(new Set(alone).size).toBe(3);
  const merged = await create("poet-merged", {});
  expect(alone[1]).toBe(await write(merged, "poet-merged"));
  await expect(
    backend.embed({ requestId: "adapters", model: "poet", inputs: ["a"] }, never),
  ).rejects.toThrow(/base/);
});

test("a model that reads takes no adapters", async () => {
  await expect(create("reader", { adapters: [fileOf("poet")] })).rejects.toThrow(
    /adapter poet cannot be used: .*reader is a model that reads and does not write/,
  );
});

// What this machine lacks of them; where it has one, that is served.
test.each(["base", "reader"])(
  "%s is never served by the CPU instead of a device",
  async (folder) => {
    const devices = ["coreml", "directml"] as const;
    for (const device of devices) {
      const created = await create(folder, { device }).catch((error: Error) => error.message);
      const isThere = typeof created !== "string";
      expect(isThere).toBe(process.platform === (device === "coreml" ? "darwin" : "win32"));
      if (!isThere) expect(created).toMatch(new RegExp(`^There is no ${device} on `));
    }
  },
);
