/**
 * Goal: a rewritten graph gives the numbers of the original at the positions asked for, its top list
 * is what sorting gives, its block sums are those of a float64 reference, whatever the head is made of.
 * Method: published graphs, the bundled models and small ones made here run both ways.
 *
 * Kernels may round a row differently when there are fewer of them (MatMulNBits with blocks of 128 does,
 * by 2e-6), so the bound is one of rounding and not of bits.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toHalves } from "../synthetic/half-float";
import type { WeightForm } from "../synthetic/weight-form";
import { writeSyntheticModel } from "../synthetic/write-synthetic-model";
import {
  type HeadParts,
  HIDDEN_SIZE,
  makeFloats,
  makeHeadModel,
  makeNumbers,
  type Outputs,
  openForTest,
  runGraph,
} from "./graph-testing";
import { decodeModel, ELEMENT_TYPE, encodeModel, type OnnxModel } from "./onnx-model";
import { makeIntegerAttribute, makeIntegers, makeNode } from "./onnx-parts";
import { type HeadFacts, pickBlockSize, rewriteGraph } from "./rewrite-graph";

const ROUNDING = 1e-4;
const ROWS = [
  [5, 6, 7, 8, 9],
  [50, 40, 30, 20, 10],
];
const INVERSE_TEMPERATURES = [1.25, 0.5];
const WANTED = { positions: [1, 4], wantsSums: true, inverseTemperatures: INVERSE_TEMPERATURES };

const floatsOf = (outputs: Outputs, name: string) => outputs[name]!.data as Float32Array;

/** `row` of the output's last dimension, counted over all that come before. */
function rowOf(outputs: Outputs, name: string, row: number) {
  const { data, dims } = outputs[name]!;
  const width = dims.at(-1)!;
  return [...data.slice(row * width, (row + 1) * width)].map(Number);
}

function largestDifference(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  expect(values.length).toBe(reference.length);
  return Array.from(values).reduce((max, it, at) => {
    const difference = Math.abs(it - reference[at]!);
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(max, difference);
  }, 0);
}

function expectTop(outputs: Outputs, row: number, topCount: number) {
  const logits = rowOf(outputs, "logits", row);
  const sorted = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
  expect(rowOf(outputs, "top_ids", row)).toEqual(sorted.slice(0, topCount));
  expect(rowOf(outputs, "top_values", row)).toEqual(
    sorted.slice(0, topCount).map((id) => logits[id]!),
  );
}

function expectSums(outputs: Outputs, row: number, head: HeadFacts, inverse: number) {
  const logits = rowOf(outputs, "logits", row);
  const highest = Math.max(...logits);
  const expected = Array.from({ length: Math.ceil(logits.length / head.blockSize) }, (_, block) =>
    logits
      .slice(block * head.blockSize, (block + 1) * head.blockSize)
      .reduce((sum, it) => sum + Math.exp((it - highest) * inverse), 0),
  );
  const sums = rowOf(outputs, "block_sums", row);
  expect(sums).toHaveLength(expected.length);
  for (const [block, sum] of sums.entries()) {
    expect(Math.abs(sum - expected[block]!)).toBeLessThanOrEqual(1e-5 * expected[block]! + 1e-30);
  }
}

async function expectEqual(
  model: OnnxModel | string,
  { rows = ROWS, tolerance = ROUNDING } = {},
): Promise<HeadFacts> {
  const original = typeof model === "string" ? decodeModel(await readFile(model)) : model;
  const { model: result, head, refusal } = rewriteGraph(original);
  expect(refusal).toBeUndefined();
  const [before, after] = [
    await openForTest(typeof model === "string" ? model : encodeModel(model)),
    await openForTest(encodeModel(result)),
  ];
  const whole = await runGraph(before, rows);
  const wanted = { ...WANTED, inverseTemperatures: INVERSE_TEMPERATURES.slice(0, rows.length) };
  const outputs = await runGraph(after, rows, wanted);
  const { vocabularySize, topCount } = head!;
  expect(outputs.logits!.dims).toEqual([rows.length, 2, vocabularySize]);
  for (const [row, prompt] of rows.entries()) {
    for (const [index, position] of WANTED.positions.entries()) {
      const here = row * 2 + index;
      const reference = rowOf(whole, "logits", row * prompt.length + position);
      const difference = largestDifference(rowOf(outputs, "logits", here), reference);
      expect(difference).toBeLessThanOrEqual(tolerance);
      expectTop(outputs, here, topCount);
      expectSums(outputs, here, head!, INVERSE_TEMPERATURES[row]!);
    }
  }
  if (whole.last_hidden_state) {
    const [states, reference] = [outputs, whole].map((it) => floatsOf(it, "last_hidden_state"));
    expect(largestDifference(states!, reference!)).toBe(0);
  }
  const unsummed = await runGraph(after, rows, { ...wanted, wantsSums: false });
  expect(unsummed.block_sums!.dims).toEqual(outputs.block_sums!.dims);
  expect(floatsOf(unsummed, "block_sums").every((it) => it === 0)).toBe(true);
  await before.release();
  await after.release();
  return head!;
}

describe("bundled models", () => {
  test.each([
    "pico-s/onnx/model.onnx",
    "pico-s/onnx/model_q8.onnx",
    "pico-m/onnx/model.onnx",
    "pico-m/onnx/model_q8.onnx",
    "pico-l/onnx/model_q8.onnx",
  ])("%s", async (path) => {
    const head = await expectEqual(join("models", path));
    expect(head).toEqual({ vocabularySize: 4096, topCount: 64, blockSize: 64 });
  });
});

describe("forms of weights", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "parley-rewrite-"));
  });
  afterAll(() => rm(root, { recursive: true }));

  test.each<WeightForm>([
    ...(["fp32", "int8-block32", "int4-block32", "int4-block128", "int8-rows"] as const),
  ])("%s", async (form) => {
    const folder = join(root, form);
    const { graphFile } = await writeSyntheticModel({ folder, form, withHiddenState: true });
    await expectEqual(join(folder, "onnx", graphFile));
  });

  test("int8-dynamic gives the head a scale of the asked positions alone", async () => {
    const folder = join(root, "dynamic");
    const { graphFile } = await writeSyntheticModel({ folder, form: "int8-dynamic" });
    const path = join(folder, "onnx", graphFile);
    // The logits deviate by 4; what one scale for more or fewer rows does to them is a rounding of int8.
    await expectEqual(path, { rows: ROWS.slice(0, 1), tolerance: 0.5 });
  });

  test("float16 logits come out as float32", async () => {
    const folder = join(root, "fp16");
    const flaws = { logitsType: "float16" } as const;
    const { graphFile } = await writeSyntheticModel({ folder, form: "fp16", flaws });
    const model = decodeModel(await readFile(join(folder, "onnx", graphFile)));
    const logits = model.graph.output.find((it) => it.name === "logits");
    expect(logits!.type.tensorType.elemType).toBe(ELEMENT_TYPE.float16);
    const { model: result, head } = rewriteGraph(model);
    const session = await openForTest(encodeModel(result));
    const outputs = await runGraph(session, ROWS, WANTED);
    expect(outputs.logits!.data).toBeInstanceOf(Float32Array);
    expectTop(outputs, 0, head!.topCount);
    expectSums(outputs, 3, head!, INVERSE_TEMPERATURES[1]!);
    await session.release();
  });
});

describe("forms of heads", () => {
  const V = 300;
  const weight = makeFloats("head.weight", [HIDDEN_SIZE, V], makeNumbers(HIDDEN_SIZE * V, 3));
  const bias = makeFloats("head.bias", [V], makeNumbers(V, 4));
  const cap = makeFloats("cap", [], Float32Array.of(3));
  const product = (output: string) =>
    makeNode("MatMul", { input: ["last_hidden_state", "head.weight"], output: [output] });
  const blocks = (bits: 4 | 8): HeadParts => {
    const bytes = makeNumbers((V * HIDDEN_SIZE * bits) / 8, 5).map((it) => (it + 1) * 127);
    const integers = Object.entries({ K: HIDDEN_SIZE, N: V, bits, block_size: 32 });
    return {
      node: [
        {
          ...makeNode("MatMulNBits", {
            input: ["last_hidden_state", "head.codes", "head.scales"],
            output: ["logits"],
            attribute: integers.map(([name, i]) => makeIntegerAttribute(name, i)),
          }),
          domain: "com.microsoft",
        },
      ],
      initializer: [
        {
          name: "head.codes",
          dims: [V, 1, (32 * bits) / 8],
          dataType: ELEMENT_TYPE.uint8,
          rawData: Uint8Array.from(bytes),
        },
        makeFloats("head.scales", [V], makeNumbers(V, 6)),
      ],
    };
  };
  const gemm: HeadParts = {
    node: [
      makeNode("Shape", { input: ["last_hidden_state"], output: ["shape"] }),
      makeNode("Slice", { input: ["shape", "from", "to"], output: ["rows"] }),
      makeNode("Concat", {
        input: ["rows", "rest"],
        output: ["wanted"],
        attribute: [makeIntegerAttribute("axis", 0)],
      }),
      makeNode("Reshape", { input: ["last_hidden_state", "flat"], output: ["tokens"] }),
      makeNode("Gemm", {
        input: ["tokens", "table", "head.bias"],
        output: ["scores"],
        attribute: [makeIntegerAttribute("transB", 1)],
      }),
      makeNode("Reshape", { input: ["scores", "wanted"], output: ["logits"] }),
    ],
    initializer: [
      makeFloats("table", [V, HIDDEN_SIZE], makeNumbers(HIDDEN_SIZE * V, 7)),
      bias,
      makeIntegers("from", [0]),
      makeIntegers("to", [2]),
      makeIntegers("rest", [-1]),
      makeIntegers("flat", [-1, HIDDEN_SIZE]),
    ],
  };
  const forms: [string, HeadParts][] = [
    ["MatMul", { node: [product("logits")], initializer: [weight] }],
    [
      "MatMul and Add",
      {
        node: [
          product("scores"),
          makeNode("Add", { input: ["head.bias", "scores"], output: ["logits"] }),
        ],
        initializer: [weight, bias],
      },
    ],
    [
      "MatMul with capped logits",
      {
        node: [
          product("scores"),
          makeNode("Div", { input: ["scores", "cap"], output: ["divided"] }),
          makeNode("Tanh", { input: ["divided"], output: ["bent"] }),
          makeNode("Mul", { input: ["bent", "cap"], output: ["logits"] }),
        ],
        initializer: [weight, cap],
      },
    ],
    [
      "MatMul with a transposed table",
      {
        node: [
          makeNode("Transpose", { input: ["table"], output: ["head.weight"] }),
          product("logits"),
        ],
        initializer: [makeFloats("table", [V, HIDDEN_SIZE], makeNumbers(HIDDEN_SIZE * V, 8))],
      },
    ],
    ["Gemm over flat tokens", gemm],
    ["MatMulNBits of 4 bits", blocks(4)],
    ["MatMulNBits of 8 bits", blocks(8)],
  ];
  test.each(forms)("%s", async (_, head) => {
    const model = makeHeadModel({ vocabularySize: V, head });
    expect(await expectEqual(model)).toMatchObject({ vocabularySize: V, topCount: 64 });
  });

  test.each(forms)("%s tells a vocabulary that the graph does not declare", (_, head) => {
    const logits = { dims: ["batch_size", "sequence_length", "vocabulary"] };
    const { head: facts } = rewriteGraph(makeHeadModel({ vocabularySize: V, head, logits }));
    expect(facts?.vocabularySize).toBe(V);
  });

  test("float16 in a graph made of halves", async () => {
    const table = toHalves(makeNumbers(HIDDEN_SIZE * V, 9));
    const head: HeadParts = {
      node: [
        makeNode("Cast", {
          input: ["last_hidden_state"],
          output: ["narrow"],
          attribute: [makeIntegerAttribute("to", ELEMENT_TYPE.float16)],
        }),
        makeNode("MatMul", { input: ["narrow", "head.weight"], output: ["logits"] }),
      ],
      initializer: [
        {
          name: "head.weight",
          dims: [HIDDEN_SIZE, V],
          dataType: ELEMENT_TYPE.float16,
          rawData: new Uint8Array(table.buffer),
        },
      ],
    };
    const logits = { type: ELEMENT_TYPE.float16 };
    const { model, head: facts } = rewriteGraph(makeHeadModel({ vocabularySize: V, head, logits }));
    const session = await openForTest(encodeModel(model));
    const outputs = await runGraph(session, ROWS, WANTED);
    expect(outputs.logits!.data).toBeInstanceOf(Float32Array);
    expectTop(outputs, 0, facts!.topCount);
    await session.release();
  });

  test.each([
    ["a shorter last block", 2111, 64, 46],
    ["fewer tokens than the top list holds", 50, 50, 50],
  ])("%s", async (_, vocabularySize, topMax, blockSize) => {
    const table = makeNumbers(HIDDEN_SIZE * vocabularySize, 10);
    const node = [product("logits")];
    const initializer = [makeFloats("head.weight", [HIDDEN_SIZE, vocabularySize], table)];
    const facts = await expectEqual(makeHeadModel({ vocabularySize, head: { node, initializer } }));
    expect(facts.topCount).toBe(Math.min(topMax, vocabularySize));
    expect(facts.blockSize).toBe(Math.max(blockSize, Math.min(64, vocabularySize)));
  });

  test("equal logits come in order of id", async () => {
    const flat = makeFloats("head.weight", [HIDDEN_SIZE, V], new Float32Array(HIDDEN_SIZE * V));
    const head = { node: [product("logits")], initializer: [flat] };
    await expectEqual(makeHeadModel({ vocabularySize: V, head }));
  });

  const withBias = (vocabularySize: number, values: Float32Array) => {
    const table = makeNumbers(HIDDEN_SIZE * vocabularySize, 11);
    const head = {
      node: [
        product("scores"),
        makeNode("Add", { input: ["scores", "head.bias"], output: ["logits"] }),
      ],
      initializer: [
        makeFloats("head.weight", [HIDDEN_SIZE, vocabularySize], table),
        makeFloats("head.bias", [vocabularySize], values),
      ],
    };
    return openForTest(encodeModel(rewriteGraph(makeHeadModel({ vocabularySize, head })).model));
  };

  test("a row of NaN shows in the first of the top list", async () => {
    const session = await withBias(V, new Float32Array(V).fill(Number.NaN));
    const outputs = await runGraph(session, ROWS, WANTED);
    for (let row = 0; row < 4; row++) expect(rowOf(outputs, "top_values", row)[0]).toBeNaN();
    await session.release();
  });

  test.each([0, 63, 64, 2500, 4999])("one NaN, of token %i, hides no better token", async (id) => {
    const bias = new Float32Array(5000);
    bias[id] = Number.NaN;
    const session = await withBias(5000, bias);
    const outputs = await runGraph(session, ROWS, WANTED);
    for (let row = 0; row < 4; row++) {
      const logits = rowOf(outputs, "logits", row);
      const sorted = logits.filter((it) => !Number.isNaN(it)).sort((a, b) => b - a);
      const top = rowOf(outputs, "top_values", row);
      if (!top.some(Number.isNaN)) expect(top).toEqual(sorted.slice(0, 64));
      expect(rowOf(outputs, "block_sums", row).some(Number.isNaN)).toBe(true);
    }
    await session.release();
  });

  test("-Infinity forbids a token and adds nothing to its block", async () => {
    const bias = makeNumbers(V, 12).map((it, id) => (id % 3 === 0 ? Number.NEGATIVE_INFINITY : it));
    const session = await withBias(V, bias);
    const outputs = await runGraph(session, ROWS, WANTED);
    expectTop(outputs, 0, 64);
    expectSums(outputs, 0, { vocabularySize: V, topCount: 64, blockSize: pickBlockSize(V) }, 1.25);
    await session.release();
  });
});

describe("a graph that is left whole", () => {
  const V = 300;
  const weight = makeFloats("head.weight", [HIDDEN_SIZE, V], makeNumbers(HIDDEN_SIZE * V, 3));
  const multiply = (input: string, output: string) =>
    makeNode("MatMul", { input: [input, "head.weight"], output: [output] });
  const slice = makeNode("Gather", {
    input: ["last_hidden_state", "last"],
    output: ["last_token"],
    attribute: [makeIntegerAttribute("axis", 1)],
  });
  const choose = makeNode("ArgMax", {
    input: ["scores"],
    output: ["best"],
    attribute: [makeIntegerAttribute("axis", 1)],
  });
  const both: HeadParts = {
    node: [
      multiply("last_hidden_state", "scores"),
      makeNode("Cast", {
        input: ["scores"],
        output: ["logits"],
        attribute: [makeIntegerAttribute("to", 1)],
      }),
      choose,
    ],
    initializer: [weight],
  };
  const tied: HeadParts = {
    node: [
      makeNode("Transpose", {
        input: ["last_hidden_state"],
        output: ["turned"],
        attribute: [{ name: "perm", type: 7, ints: [0, 2, 1] }],
      }),
      makeNode("MatMul", { input: ["last_hidden_state", "turned"], output: ["logits"] }),
    ],
    initializer: [],
  };
  const sliced: HeadParts = {
    node: [
      multiply("last_hidden_state", "all"),
      makeNode("Gather", {
        input: ["all", "last"],
        output: ["logits"],
        attribute: [makeIntegerAttribute("axis", 1)],
      }),
    ],
    initializer: [weight, makeIntegers("last", [-1])],
  };
  const plain: HeadParts = {
    node: [multiply("last_hidden_state", "logits")],
    initializer: [weight],
  };

  test.each<[string, OnnxModel, RegExp]>([
    ["cuts the last position itself", makeHeadModel({ vocabularySize: V, head: sliced }), /Gather/],
    ["reads its scores twice", makeHeadModel({ vocabularySize: V, head: both }), /elsewhere/],
    ["has no weight", makeHeadModel({ vocabularySize: V, head: tied }), /computed from the input/],
    ["is old", makeHeadModel({ vocabularySize: V, head: plain, opset: 12 }), /before 13/],
  ])("since it %s", (_, model, reason) => {
    const result = rewriteGraph(model);
    expect(result.refusal).toMatch(reason);
    expect(result.head).toBeUndefined();
    expect(result.model).toBe(model);
  });

  test.each([
    ["says so", 1, /one position already/],
    ["does not say so", "sequence_length", /Gather before the logits picks positions/],
  ])("since it picks the last position and %s", (_, declared, reason) => {
    const node = [slice, multiply("last_token", "logits")];
    const head = { node, initializer: [weight, makeIntegers("last", [-1])] };
    const dims = ["batch_size", declared, V];
    const model = makeHeadModel({ vocabularySize: V, head, logits: { dims } });
    expect(rewriteGraph(model).refusal).toMatch(reason);
  });

  test("since a name is taken", () => {
    const model = makeHeadModel({ vocabularySize: V, head: plain });
    const [logits] = model.graph.output;
    const output = [...model.graph.output, { ...logits!, name: "top_ids" }];
    const taken = { ...model, graph: { ...model.graph, output } };
    expect(rewriteGraph(taken).refusal).toMatch(/top_ids/);
  });

  test("since it has no logits", () => {
    const model = makeHeadModel({ vocabularySize: V, head: plain });
    const without = { ...model, graph: { ...model.graph, output: [] } };
    expect(rewriteGraph(without).refusal).toMatch(/no logits/);
  });
});

test("the original model stays as it is", async () => {
  const bytes = await readFile("models/pico-s/onnx/model_q8.onnx");
  const model = decodeModel(bytes);
  const before = encodeModel(model);
  rewriteGraph(model);
  expect(Buffer.compare(encodeModel(model), before)).toBe(0);
});

test.each([
  [151_936, 128],
  [49_152, 192],
  [50_257, 1733],
  [4096, 64],
  [32_003, 179],
  [50, 50],
  [262_144, 512],
])("a vocabulary of %i is summed in blocks of %i", (vocabularySize, blockSize) => {
  expect(pickBlockSize(vocabularySize)).toBe(blockSize);
});
