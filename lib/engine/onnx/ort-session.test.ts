/**
 * Goal: both implementations of GraphSession keep its contract and give the same numbers.
 * Method: tiny graphs made here, and a bundled model for a few steps.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { GraphSession, TensorView } from "./graph-session";
import {
  ATTRIBUTE_TYPE,
  DATA_LOCATION_EXTERNAL,
  ELEMENT_TYPE,
  encodeModel,
  type OnnxNode,
} from "./onnx-model";
import { type OrtFunctions, openOrtLibrary } from "./ort-library";
import { openPortableSession } from "./ort-node-session";
import { openNativeSession } from "./ort-session";

type ElementNumber = (typeof ELEMENT_TYPE)[keyof typeof ELEMENT_TYPE];

const value = (name: string, dims: (number | string)[], elemType: ElementNumber) => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: {
        dim: dims.map((it) => (typeof it === "number" ? { dimValue: it } : { dimParam: it })),
      },
    },
  },
});

const { float32, int64, bool, float16 } = ELEMENT_TYPE;

/** y = x · w, with w from the graph or from a file beside it. */
function productModel(weight: "inside" | "outside"): Uint8Array {
  const w = new Float32Array([1, 2, 3, 4, 5, 6]);
  const bytes = new Uint8Array(w.buffer);
  return encodeModel({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 13 }],
    graph: {
      name: "product",
      node: [{ opType: "MatMul", input: ["x", "w"], output: ["y"] }],
      initializer: [
        weight === "inside"
          ? { name: "w", dims: [2, 3], dataType: float32, rawData: bytes }
          : {
              name: "w",
              dims: [2, 3],
              dataType: float32,
              dataLocation: DATA_LOCATION_EXTERNAL,
              externalData: [
                { key: "location", value: "w.data" },
                { key: "offset", value: "0" },
                { key: "length", value: "24" },
              ],
            },
      ],
      input: [value("x", ["rows", 2], float32)],
      output: [value("y", ["rows", 3], float32)],
    },
  });
}

function graph(
  node: OnnxNode[],
  input: ReturnType<typeof value>[],
  output: ReturnType<typeof value>[],
): Uint8Array {
  return encodeModel({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 13 }],
    graph: { name: "test", node, initializer: [], input, output },
  });
}

const floats = (values: number[], dims: number[]): TensorView => ({
  type: "float32",
  data: Float32Array.from(values),
  dims,
});

const folder = mkdtempSync(join(tmpdir(), "parley-session-"));
writeFileSync(join(folder, "w.data"), new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer));

const OPTIONS = { threadCount: 1 };
const opened: GraphSession[] = [];
afterAll(() => Promise.all(opened.map((it) => it.close())));

describe.each([
  ["native", openNativeSession],
  ["portable", openPortableSession],
] as const)("a %s session", (kind, openSession) => {
  const open = async (...all: Parameters<typeof openPortableSession>) => {
    const session = await openSession(...all);
    opened.push(session);
    return session;
  };

  test("declares what the graph declares", async () => {
    const session = await open(productModel("inside"), OPTIONS);
    expect(session.kind).toBe(kind);
    expect(session.inputs).toEqual([{ name: "x", type: "float32", dims: ["rows", 2] }]);
    expect(session.outputs).toEqual([{ name: "y", type: "float32", dims: ["rows", 3] }]);
  });

  test("writes into the bound memory, also into a part of a larger one", async () => {
    const session = await open(productModel("inside"), OPTIONS);
    const binding = session.createBinding();
    const all = new Float32Array(9).fill(-1);
    binding.bindInput("x", floats([1, 1, 10, 0], [2, 2]));
    binding.bindOutput("y", { type: "float32", data: all.subarray(3), dims: [2, 3] });
    await binding.run();
    expect([...all]).toEqual([-1, -1, -1, 5, 7, 9, 10, 20, 30]);
    binding.close();
  });

  test("reads the memory anew at each run", async () => {
    const session = await open(productModel("inside"), OPTIONS);
    const binding = session.createBinding();
    const x = new Float32Array(2);
    const y = new Float32Array(3);
    binding.bindInput("x", { type: "float32", data: x, dims: [1, 2] });
    binding.bindOutput("y", { type: "float32", data: y, dims: [1, 3] });
    for (const scale of [1, 2, 3]) {
      x.fill(scale);
      await binding.run();
      expect([...y]).toEqual([5 * scale, 7 * scale, 9 * scale]);
    }
    binding.close();
  });

  test("binds the same memory in another shape", async () => {
    const session = await open(productModel("inside"), OPTIONS);
    const binding = session.createBinding();
    const x = new Float32Array(4).fill(1);
    const y = new Float32Array(6);
    for (const rows of [2, 1]) {
      binding.bindInput("x", { type: "float32", data: x.subarray(0, 2 * rows), dims: [rows, 2] });
      binding.bindOutput("y", { type: "float32", data: y.subarray(0, 3 * rows), dims: [rows, 3] });
      y.fill(0);
      await binding.run();
      expect([...y]).toEqual([5, 7, 9, ...(rows === 2 ? [5, 7, 9] : [0, 0, 0])]);
    }
    binding.close();
  });

  test("carries every element type, and tensors without elements", async () => {
    const types = { int64, bool, float16, int32: ELEMENT_TYPE.int32 };
    const names = Object.keys(types) as (keyof typeof types)[];
    const session = await open(
      graph(
        names.map((it) => ({ opType: "Identity", input: [it], output: [`${it}_out`] })),
        names.map((it) => value(it, ["n"], types[it])),
        names.map((it) => value(`${it}_out`, ["n"], types[it])),
      ),
      OPTIONS,
    );
    const make = {
      int64: (n: number) => BigInt64Array.from({ length: n }, (_, at) => BigInt(at) - 1n),
      bool: (n: number) => Uint8Array.from({ length: n }, (_, at) => at % 2),
      float16: (n: number) => Uint16Array.from({ length: n }, (_, at) => 0x3c00 + at),
      int32: (n: number) => Int32Array.from({ length: n }, (_, at) => -at),
    };
    for (const length of [3, 0]) {
      const binding = session.createBinding();
      const results = names.map((it) => {
        const data = make[it](length);
        const result = new (data.constructor as typeof Uint8Array)(length);
        binding.bindInput(it, { type: it, data, dims: [length] });
        binding.bindOutput(`${it}_out`, { type: it, data: result, dims: [length] });
        return { data, result };
      });
      await binding.run();
      for (const { data, result } of results) expect(result).toEqual(data);
      binding.close();
    }
  });

  test("keeps onnxruntime's message when a run fails, and runs again", async () => {
    const session = await open(productModel("inside"), OPTIONS);
    const binding = session.createBinding();
    const y = floats([0, 0, 0], [1, 3]);
    binding.bindInput("x", floats([1, 2, 3], [1, 3]));
    binding.bindOutput("y", y);
    await expect(binding.run()).rejects.toThrow(/Got: 3 Expected: 2/);
    binding.bindInput("x", floats([1, 1], [1, 2]));
    await binding.run();
    expect([...y.data]).toEqual([5, 7, 9]);
    binding.close();
  });

  test("says which input is missing", async () => {
    const session = await open(productModel("inside"), OPTIONS);
    const binding = session.createBinding();
    binding.bindOutput("y", floats([0, 0, 0], [1, 3]));
    await expect(binding.run()).rejects.toThrow(/x/);
    binding.close();
  });

  test("refuses what is a bug of ours", async () => {
    const session = await open(productModel("inside"), OPTIONS);
    const binding = session.createBinding();
    const x = floats([1, 2], [1, 2]);
    expect(() => binding.bindInput("z", x)).toThrow("the graph has z, it has x");
    expect(() => binding.bindOutput("x", x)).toThrow("the graph has x, it has y");
    expect(() =>
      binding.bindInput("x", { type: "int64", data: new BigInt64Array(2), dims: [1, 2] }),
    ).toThrow("x is float32, not int64");
    expect(() => binding.bindInput("x", { ...x, dims: [2, 2] })).toThrow();
    await expect(session.close()).rejects.toThrow("every binding");
    binding.close();
    expect(() => binding.bindInput("x", x)).toThrow("the binding is open");
  });

  test("runs one thing at a time", async () => {
    const session = await open(productModel("inside"), OPTIONS);
    const binding = session.createBinding();
    binding.bindInput("x", floats([1, 1], [1, 2]));
    binding.bindOutput("y", floats([0, 0, 0], [1, 3]));
    const first = binding.run();
    await expect(binding.run()).rejects.toThrow("one thing at a time");
    await first;
    binding.close();
  });

  test("finds weights outside the file, by its path or by a folder", async () => {
    const model = productModel("outside");
    const path = join(folder, `${kind}.onnx`);
    writeFileSync(path, model);
    for (const session of [
      await open(path, OPTIONS),
      await open(model, { ...OPTIONS, externalDataFolder: folder }),
    ]) {
      const binding = session.createBinding();
      const y = floats([0, 0, 0], [1, 3]);
      binding.bindInput("x", floats([1, 1], [1, 2]));
      binding.bindOutput("y", y);
      await binding.run();
      expect([...y.data]).toEqual([5, 7, 9]);
      binding.close();
    }
  });
});

/** y = x · 2^count, one doubling after the other: as long a run as one asks for. */
function loopModel(): Uint8Array {
  const body = {
    name: "body",
    node: [
      { opType: "Identity", input: ["go_in"], output: ["go_out"] },
      { opType: "Add", input: ["sum_in", "sum_in"], output: ["sum_out"] },
    ],
    initializer: [],
    input: [value("round", [], int64), value("go_in", [], bool), value("sum_in", ["n"], float32)],
    output: [value("go_out", [], bool), value("sum_out", ["n"], float32)],
  };
  const loop = {
    opType: "Loop",
    input: ["count", "", "x"],
    output: ["y"],
    attribute: [{ name: "body", type: ATTRIBUTE_TYPE.graph, g: body }],
  };
  return graph(
    [loop],
    [value("count", [], int64), value("x", ["n"], float32)],
    [value("y", ["n"], float32)],
  );
}

test("a native run can be ended before its time, and the next one is whole", async () => {
  const session = await openNativeSession(loopModel(), OPTIONS);
  const binding = session.createBinding();
  const count = new BigInt64Array(1);
  const y = floats([0], [1]);
  binding.bindInput("count", { type: "int64", data: count, dims: [] });
  binding.bindInput("x", floats([1.5], [1]));
  binding.bindOutput("y", y);
  count[0] = 1n << 40n;
  const endless = binding.run();
  binding.terminate?.();
  await expect(endless).rejects.toThrow(/terminate flag/);
  count[0] = 3n;
  binding.terminate?.();
  await binding.run();
  expect([...y.data]).toEqual([12]);
  binding.close();
  await session.close();
});

test("a native session frees all it makes over 10,000 runs with new memory", async () => {
  const library = openOrtLibrary();
  const live = new Map<string, number>();
  let made = 0;
  const functions = { ...library.functions };
  const add = (kind: string, count: number) => live.set(kind, (live.get(kind) ?? 0) + count);
  /** Counts what a function makes or frees. Asynchronous ones are counted by their pair alone. */
  const count = (name: keyof OrtFunctions, kind: string, change: number) => {
    const call = functions[name] as (...all: unknown[]) => unknown;
    const counted = (...all: unknown[]) => {
      add(kind, change);
      if (change > 0) made++;
      return call(...all);
    };
    Object.assign(functions, { [name]: counted });
  };
  count("CreateTensorWithDataAsOrtValue", "value", 1);
  count("ReleaseValue", "value", -1);
  count("CreateIoBinding", "binding", 1);
  count("ReleaseIoBinding", "binding", -1);
  count("CreateRunOptions", "options", 1);
  count("ReleaseRunOptions", "options", -1);
  count("CreateSessionOptions", "session options", 1);
  count("ReleaseSessionOptions", "session options", -1);
  const session = await openNativeSession(productModel("inside"), OPTIONS, {
    ...library,
    functions,
  });
  const binding = session.createBinding();
  for (let run = 0; run < 10_000; run++) {
    const y = floats([0, 0, 0], [1, 3]);
    binding.bindInput("x", floats([run, 1], [1, 2]));
    binding.bindOutput("y", y);
    await binding.run();
    if (run % 1000 === 0) expect([...y.data]).toEqual([run + 4, 2 * run + 5, 3 * run + 6]);
    expect(live.get("value")).toBe(0);
  }
  binding.close();
  await session.close();
  expect(made).toBe(20_000 + 3);
  expect([...live.values()]).toEqual([0, 0, 0, 0]);
});
