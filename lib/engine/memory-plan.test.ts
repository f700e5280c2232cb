/** Goal: no engine promises more memory than there is, and none is refused that can serve. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StartError } from "@/lib/util/start-error";
import { Engine } from "./engine";
import { measureAdapters } from "./lora/load-adapters";
import {
  cacheBytesOf,
  growingBytesOf,
  planMemory,
  readMemoryBytes,
  scoreBytesOf,
} from "./memory-plan";
import { writeSyntheticAdapter } from "./synthetic/write-synthetic-adapter";
import {
  type SyntheticModelOptions,
  toDimensions,
  writeSyntheticModel,
} from "./synthetic/write-synthetic-model";
import { collect } from "./testing";

const GIB = 2 ** 30;
const need = { weightBytes: 2 * GIB, sequenceBytes: GIB, slotCount: 4, mayRunFewer: true };

test("a cache is keys and values of every layer, for every token of the context", () => {
  const slot = { past: "past", present: "present", headCount: 2, headSize: 64 };
  const slots = [
    { ...slot, dtype: "float32" as const },
    { ...slot, dtype: "float16" as const },
  ];
  expect(cacheBytesOf(slots, 1_000)).toBe(1_000 * 2 * 64 * (4 + 2));
});

test("as many run at once as fit, with a tenth of memory left alone", () => {
  expect(planMemory(need, 8 * GIB)).toMatchObject({
    slotCount: 4,
    bytes: 6 * GIB,
    warning: undefined,
    summary:
      "weights 2.0 GiB, 1.0 GiB of KV cache for each sequence, memory 8.0 GiB; 4 at once, 6.0 GiB in all",
  });
  const tight = planMemory(need, 5 * GIB);
  expect(tight).toMatchObject({ slotCount: 2, bytes: 4 * GIB });
  expect(tight.warning).toBe(
    "Memory is enough for 2 of 4 sequences at once; the others wait (weights 2.0 GiB, 1.0 GiB of KV cache for each sequence, memory 5.0 GiB).",
  );
});

test("what is needed once is taken off before sequences are counted", () => {
  const shared = { ...need, sharedBytes: GIB };
  expect(planMemory(shared, 8 * GIB)).toMatchObject({ slotCount: 4, bytes: 7 * GIB });
  const tight = planMemory(shared, 6 * GIB);
  expect(tight.slotCount).toBe(2);
  expect(tight.summary).toContain("1.0 GiB of KV cache for each sequence and 1.0 GiB besides");
});

test("a cache that grows takes its rows twice, and a layer's copies", () => {
  const slot = { past: "past", present: "present", headCount: 2, headSize: 64 };
  const slots = Array.from({ length: 60 }, () => ({ ...slot, dtype: "float32" as const }));
  const inPlace = cacheBytesOf(slots, 1_000);
  const growing = growingBytesOf(slots, 1_000);
  expect(growing / inPlace).toBeGreaterThan(2);
  expect(growing / inPlace).toBeLessThan(3);
});

test("scores of a chunk are counted once for all heads of queries", () => {
  const slot = { past: "past", present: "present", dtype: "float16" as const };
  const slots = [{ ...slot, headCount: 4, headSize: 64 }];
  // Three times 32 heads' scores of 64 tokens each beside 8,192.
  expect(scoreBytesOf(slots, 8_192, 32)).toBe(3 * 32 * 64 * 8_192 * 4);
  expect(scoreBytesOf(slots, 8_192)).toBe(scoreBytesOf(slots, 8_192, 32));
});

test("fewer than somebody asked for is a refusal that says how many would do", () => {
  const asked = { ...need, mayRunFewer: false };
  expect(planMemory(asked, 8 * GIB).slotCount).toBe(4);
  expect(() => planMemory(asked, 5 * GIB)).toThrow("4 sequences at once do not fit into memory");
  try {
    planMemory(asked, 5 * GIB);
  } catch (error) {
    expect((error as StartError).remedy).toContain("--slots 2 or fewer");
  }
});

test("a model of which not one sequence fits is refused in one line", () => {
  expect(() => planMemory(need, 3 * GIB)).toThrow(StartError);
  expect(() => planMemory(need, GIB)).toThrow(
    "The model does not fit into memory: weights 2.0 GiB, 1.0 GiB of KV cache for each sequence, memory 1.0 GiB.",
  );
});

test("memory is that of the container or of the machine", () => {
  expect(readMemoryBytes()).toBeGreaterThan(0);
  expect(readMemoryBytes()).toBeLessThanOrEqual(totalmem());
});

test("the rows that texts and adapters need besides the sequences' own are planned", async () => {
  const root = await mkdtemp(join(tmpdir(), "parley-plan-"));
  const plan = async (model: Partial<SyntheticModelOptions>, names: string[] = []) => {
    const folder = join(root, `model-${JSON.stringify([model, names]).replaceAll(/\W/g, "")}`);
    await writeSyntheticModel({ folder, takesAdapters: names.length > 0, ...model });
    const adapters = names.map((name) => ({ name, path: join(folder, `${name}.onnx_adapter`) }));
    for (const { path } of adapters) {
      await writeSyntheticAdapter({ path, dimensions: toDimensions({}), seed: 1, rank: 2 });
    }
    const options = { threadCount: 1, slotCount: 2, graphCacheFolder: root, adapters };
    const engine = await Engine.load(folder, options);
    const { memory, runner, files, contextLength } = engine.model;
    await engine.close();
    const adapterBytes = await measureAdapters(adapters);
    const rowBytes = cacheBytesOf(runner.signature.cacheSlots, contextLength);
    return (memory.bytes - files.weightBytes - adapterBytes) / rowBytes;
  };
  expect(await plan({})).toBe(2);
  expect(await plan({ withHiddenState: true })).toBe(3);
  expect(await plan({}, ["poet"])).toBe(3);
  expect(await plan({ withHiddenState: true }, ["poet"])).toBe(4);
  const growing = { window: 20 };
  const more = (await plan({ growing, withHiddenState: true })) - (await plan({ growing }));
  expect(more).toBeCloseTo(2, 6);
  await rm(root, { recursive: true });
});

test("an engine with little memory serves in turn what it cannot serve at once", async () => {
  const folder = join(import.meta.dirname, "../../models/pico-s");
  const options = { threadCount: 1, slotCount: 3 };
  const roomy = await Engine.load(folder, options);
  const { weightBytes } = roomy.model.files;
  const sequenceBytes = cacheBytesOf(
    roomy.model.runner.signature.cacheSlots,
    roomy.model.files.contextLength,
  );
  await roomy.close();
  // It gives vectors as well, and keeps a row for that.
  const memoryFor = (caches: number) => (weightBytes + (caches + 1) * sequenceBytes) / 0.9 + 1;

  const tight = await Engine.load(folder, { ...options, memoryBytes: memoryFor(1) });
  expect(tight.model.warnings.join()).toContain("enough for 1 of 3 sequences");
  const request = {
    messages: [{ role: "user" as const, content: "Hello!" }],
    ...{ sampling: { temperature: 0 }, stop: [], maxTokens: 5 },
  };
  const running = [1, 2, 3].map(() => collect(tight, request));
  await new Promise((resolve) => setImmediate(resolve));
  expect(tight.runningCount).toBeLessThanOrEqual(1);
  expect(new Set((await Promise.all(running)).map(({ text }) => text)).size).toBe(1);
  await tight.close();

  const refused = (memoryBytes: number) =>
    expect(Engine.load(folder, { ...options, memoryBytes })).rejects;
  await refused(memoryFor(0.9)).toThrow("of KV cache for each");
  await refused(weightBytes / 2).toThrow(/does not fit into memory: weights \S+ MiB, memory/);
});
