import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { decodeModel, encodeModel, type OnnxModel } from "./onnx-model";

test.each(["models/pico-s/onnx/model.onnx", "models/pico-s/onnx/model_q8.onnx"])(
  "%s is written back as it was read",
  async (path) => {
    const bytes = await readFile(path);
    expect(decodeModel(encodeModel(decodeModel(bytes)))).toEqual(decodeModel(bytes));
  },
);

test("weights are views into the file", async () => {
  const bytes = await readFile("models/pico-s/onnx/model.onnx");
  const { graph } = decodeModel(bytes);
  const weights = graph.initializer.filter((it) => it.rawData);
  expect(weights.length).toBeGreaterThan(20);
  for (const { rawData } of weights) expect(rawData!.buffer).toBe(bytes.buffer);
});

const model: OnnxModel = {
  irVersion: 10,
  opsetImport: [{ domain: "", version: 21 }],
  graph: { name: "g", node: [], initializer: [], input: [], output: [] },
};

test("the ends of int64, with which Slice says all that remains, survive", () => {
  // 2^63 − 1 is no number of JavaScript: it is read as 2^63 and has to come out as it went in.
  const ends = [2 ** 63, -(2 ** 63), -1, 0, 2 ** 53 - 1];
  const dims = [ends.length];
  const initializer = [{ name: "ends", dims, dataType: 7, int64Data: ends }];
  const written = encodeModel({ ...model, graph: { ...model.graph, initializer } });
  expect(decodeModel(written).graph.initializer[0]!.int64Data).toEqual(ends);
  // The largest int64 as protobuf writes it: eight bytes of ones and 0x7f.
  const largest = Buffer.from("ffffffffffffffff7f", "hex");
  expect(Buffer.from(written).includes(largest)).toBe(true);
});

test("what is not looked into is carried along", () => {
  const functions = [Uint8Array.of(10, 1, 65)];
  const sparseInitializer = [Uint8Array.of(26, 1, 7)];
  const special = {
    ...model,
    functions,
    graph: { ...model.graph, sparseInitializer },
  };
  const read = decodeModel(encodeModel(special));
  expect(JSON.stringify(read)).toBe(JSON.stringify(decodeModel(encodeModel(read))));
  expect(Buffer.from(encodeModel(read))).toEqual(Buffer.from(encodeModel(special)));
  expect(Buffer.from(encodeModel(read)).includes(Buffer.from(functions[0]!))).toBe(true);
});
