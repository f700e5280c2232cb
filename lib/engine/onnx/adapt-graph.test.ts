/**
 * Goal: attention is replaced where it is what GroupQueryAttention computes, and a graph in which it is not is
 * served as it was published.
 * Method: graphs of one seeded model, changed by hand in one respect; their greedy answer is that of the
 * unchanged model wherever the change does not mean another function.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine } from "../engine";
import { writeSyntheticModel } from "../synthetic/write-synthetic-model";
import { collect } from "../testing";
import {
  ATTRIBUTE_TYPE,
  decodeModel,
  ELEMENT_TYPE,
  encodeModel,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
} from "./onnx-model";
import { makeIntegers, makeNode, makeValue } from "./onnx-parts";

const root = mkdtempSync(join(tmpdir(), "parley-adapt-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let modelCount = 0;
async function load(
  change: (graph: OnnxGraph) => void,
  changeModel: (model: OnnxModel) => void = () => undefined,
): Promise<Engine> {
  const folder = join(root, `model-${modelCount++}`);
  await writeSyntheticModel({ folder, growing: {} });
  const path = join(folder, "onnx/model.onnx");
  const model = decodeModel(readFileSync(path));
  change(model.graph);
  changeModel(model);
  writeFileSync(path, encodeModel(model));
  return Engine.load(folder, { threadCount: 1, slotCount: 2, graphCacheFolder: root });
}

async function answer(engine: Engine): Promise<string> {
  const { text } = await collect(engine, {
    promptIds: Array.from({ length: 20 }, (_, at) => (at * 31 + 7) % 900),
    ...{ sampling: { temperature: 0 }, stop: [], ignoreEos: true, maxTokens: 12 },
  });
  await engine.close();
  return text;
}

let expected: string;
beforeAll(async () => {
  expected = await answer(await load(() => undefined));
});

/** Puts `added` behind the node that gives `name`; the node itself gives `inner` from then on. */
function insertAfter(graph: OnnxGraph, name: string, inner: string, added: OnnxNode[]): void {
  const place = graph.node.findIndex((it) => it.output.includes(name));
  const node = graph.node[place]!;
  node.output = node.output.map((it) => (it === name ? inner : it));
  graph.node.splice(place + 1, 0, ...added);
}

/** Products of scores: the first of each layer's two that have no weight. */
function listScores(graph: OnnxGraph): OnnxNode[] {
  const weights = new Set(graph.initializer.map((it) => it.name));
  const products = graph.node.filter((it) => it.opType === "MatMul" && !weights.has(it.input[1]));
  return products.filter((_, at) => at % 2 === 0);
}

test("a present that is a copy of what attention reads is no other", async () => {
  const engine = await load((graph) => {
    for (const { name } of graph.output.filter((it) => it.name.startsWith("present"))) {
      const whole = `${name}/whole`;
      for (const node of graph.node) {
        node.input = node.input.map((it) => (it === name ? whole : it));
      }
      insertAfter(graph, name, whole, [makeNode("Identity", { input: [whole], output: [name] })]);
    }
  });
  expect(engine.model.form.name).toBe("fused");
  expect(await answer(engine)).toBe(expected);
});

test("heads that are one axis with the batch are found out when the whole graph does not load", async () => {
  const engine = await load((graph) => {
    const reshape = (from: string, to: string, shape: string) =>
      makeNode("Reshape", { input: [from, shape], output: [to] });
    graph.initializer.push(makeIntegers("nothing", [0]));
    for (const [at, scores] of listScores(graph).entries()) {
      const [query = "", keys = ""] = scores.input;
      const [result = ""] = scores.output;
      // Sums hide from whoever does not compute them how many dimensions there are.
      const shapeOf = (name: string, sizes: number[]) => {
        graph.initializer.push(makeIntegers(`${name}_sizes`, sizes));
        return makeNode("Add", { input: [`${name}_sizes`, "nothing"], output: [name] });
      };
      const place = graph.node.indexOf(scores);
      scores.input = [`query_${at}`, `keys_${at}`];
      scores.output = [`scores_${at}`];
      graph.node.splice(
        place,
        1,
        ...[
          shapeOf(`query_shape_${at}`, [4, -1, 16]),
          reshape(query, `query_${at}`, `query_shape_${at}`),
          shapeOf(`keys_shape_${at}`, [4, 16, -1]),
          reshape(keys, `keys_${at}`, `keys_shape_${at}`),
          scores,
          makeNode("Unsqueeze", { input: [`scores_${at}`, "nothing"], output: [result] }),
        ],
      );
    }
  });
  // Only one row at a time has four heads in all.
  expect(engine.model.form.name).toMatch(/^growing/);
  expect(await answer(engine)).toBe(expected);
});

test("a graph that is told how many logits to keep is told which instead", async () => {
  const engine = await load((graph) => {
    const head = graph.node.find((it) => it.output.includes("logits"))!;
    const [hidden = ""] = head.input;
    graph.input.push(makeValue("num_logits_to_keep", ELEMENT_TYPE.int64, []));
    graph.initializer.push(makeIntegers("first", [0]), makeIntegers("one_axis_more", [1]));
    graph.initializer.push(makeIntegers("no_end", [Number.MAX_SAFE_INTEGER]));
    const node = (opType: string, input: string[], output: string) =>
      makeNode(opType, { input, output: [output] });
    graph.node.splice(
      graph.node.indexOf(head),
      0,
      node("Neg", ["num_logits_to_keep"], "negative"),
      node("Unsqueeze", ["negative", "first"], "start"),
      node("Slice", [hidden, "start", "no_end", "one_axis_more"], "kept"),
    );
    head.input = ["kept", ...head.input.slice(1)];
  });
  expect(engine.model.runner.signature.hasLogitsPositions).toBe(true);
  expect(await answer(engine)).toBe(expected);
});

test("logits of half precision are widened, also where the head is left whole", async () => {
  const engine = await load((graph) => {
    const narrow = { name: "to", type: 2, i: 10 };
    // What moves axes about is taken to mix positions, and the head is kept.
    const perm = { name: "perm", type: ATTRIBUTE_TYPE.ints, ints: [0, 1, 2] };
    insertAfter(graph, "logits", "logits/inner", [
      makeNode("Transpose", { input: ["logits/inner"], output: ["turned"], attribute: [perm] }),
      {
        ...{ opType: "Cast", name: "narrow" },
        ...{ input: ["turned"], output: ["logits"], attribute: [narrow] },
      },
    ]);
    graph.output.find((it) => it.name === "logits")!.type.tensorType.elemType = 10;
  });
  expect(engine.model.runner.signature.hasLogitsPositions).toBe(false);
  expect(await answer(engine)).toBe(expected);
});

test("a graph that does not run with a past says why", async () => {
  const fixed = load((graph) => {
    // No prompt begins with a past of three.
    const shape = makeIntegers("fixed_shape", [1, 2, 3, 16]);
    graph.initializer.push(shape);
    const join = graph.node.find((it) => it.output[0] === "present.0.key")!;
    const [past = "", news = ""] = join.input;
    join.input = ["reshaped", news];
    const reshape = makeNode("Reshape", { input: [past, "fixed_shape"], output: ["reshaped"] });
    graph.node.splice(graph.node.indexOf(join), 0, reshape);
  });
  await expect(fixed).rejects.toThrow(/does not run with a past \(.*Reshape/s);
});

test.each([
  [
    "scores on another scale",
    (graph: OnnxGraph) => {
      const divisor = graph.initializer.find((it) => it.name === "growing.scale_divisor")!;
      divisor.rawData = new Uint8Array(Float32Array.of(4.2).buffer);
    },
    /differs from GroupQueryAttention/,
  ],
  [
    "a past that something else reads",
    (graph: OnnxGraph) => {
      const sum = makeNode("ReduceSum", {
        input: ["past_key_values.0.key"],
        output: ["peek"],
        attribute: [{ name: "keepdims", type: 2, i: 0 }],
      });
      const added = makeNode("Add", { input: ["logits/inner", "none"], output: ["logits"] });
      graph.initializer.push({ ...makeIntegers("zero_times", [0]) });
      const cast = makeNode("Cast", {
        input: ["zero_times"],
        output: ["zero"],
        attribute: [{ name: "to", type: 2, i: 1 }],
      });
      const none = makeNode("Mul", { input: ["peek", "zero"], output: ["none"] });
      insertAfter(graph, "logits", "logits/inner", [sum, cast, none, added]);
    },
    /reads past_key_values\.0\.key besides the attention/,
  ],
  [
    "keys that are not joined to their past",
    (graph: OnnxGraph) => {
      const join = graph.node.find((it) => it.output[0] === "present.0.key")!;
      join.input = [join.input[0]!, join.input[1]!, "no_keys"];
      graph.initializer.push({
        name: "no_keys",
        dims: [1, 2, 0, 16],
        dataType: 1,
        rawData: new Uint8Array(0),
      });
    },
    /past of its layer 0 is not joined by a Concat/,
  ],
])("%s are left as they are", async (_, change, words) => {
  const engine = await load(change);
  expect(engine.model.form.name).toMatch(/^growing/);
  expect(engine.model.form.summary).toMatch(words);
  await engine.close();
});

test("attention of opset 12 is replaced, too", async () => {
  const lower = (model: OnnxModel) => {
    const { graph } = model;
    const read = (name: string) => {
      const { rawData } = graph.initializer.find((it) => it.name === name)!;
      const view = Buffer.from(rawData!);
      return Array.from({ length: view.length / 8 }, (_, at) =>
        Number(view.readBigInt64LE(8 * at)),
      );
    };
    // Later opsets take as an input what this one takes as an attribute.
    const names = { Unsqueeze: "axes", Split: "split" } as Record<string, string>;
    for (const node of graph.node) {
      const name = node.domain ? undefined : names[node.opType];
      if (name === undefined || !node.input[1]) continue;
      const ints = { name, type: ATTRIBUTE_TYPE.ints, ints: read(node.input[1]) };
      node.attribute = [...(node.attribute ?? []), ints];
      node.input = node.input.slice(0, 1);
    }
    model.opsetImport.find((it) => !it.domain)!.version = 12;
  };
  const engine = await load(() => undefined, lower);
  expect(engine.model.form.name).toBe("fused");
  expect(await answer(engine)).toBe(expected);
});
