import { assert } from "@/lib/util/assert";
import type { Device } from "./device";
import type { GraphSession } from "./graph-session";
import type { GraphSessionOptions } from "./graph-session-options";
import { ELEMENT_TYPE, encodeModel, type OnnxValueInfo } from "./onnx-model";
import { openNativeSession } from "./ort-session";

const toValueInfo = (name: string): OnnxValueInfo => ({
  name,
  type: {
    tensorType: {
      elemType: ELEMENT_TYPE.float32,
      shape: { dim: [{ dimParam: "rows" }, { dimValue: 2 }] },
    },
  },
});

/** y = (a + b) · b, element by element. */
function testModel(): Uint8Array {
  return encodeModel({
    irVersion: 8,
    producerName: "parley",
    opsetImport: [{ domain: "", version: 13 }],
    graph: {
      name: "self-test",
      node: [
        { opType: "Add", input: ["a", "b"], output: ["sum"] },
        { opType: "Mul", input: ["sum", "b"], output: ["y"] },
      ],
      initializer: [],
      input: [toValueInfo("a"), toValueInfo("b")],
      output: [toValueInfo("y")],
    },
  });
}

/**
 * Loads and runs a graph of two nodes through the C interface. Signatures written by hand could fit one
 * build of the library and not another; this says so before a model is served.
 *
 * @throws Error when that does not work here.
 */
export function testNativeSession(): Promise<void> {
  return testSessions(openNativeSession, "cpu");
}

/**
 * Loads and runs a graph of two nodes on a device, in one row and in two, and compares the numbers.
 *
 * @throws Error when that does not work here.
 */
export async function testSessions(
  open: (model: Uint8Array, options: GraphSessionOptions) => Promise<GraphSession>,
  device: Device,
): Promise<void> {
  const session = await open(testModel(), { threadCount: 1, device });
  try {
    const declared = JSON.stringify([session.inputs[0], session.outputs]);
    const type = { type: "float32", dims: ["rows", 2] };
    const expected = JSON.stringify([{ name: "a", ...type }, [{ name: "y", ...type }]]);
    assert(declared === expected, `the declarations were read as ${declared}`);
    const binding = session.createBinding();
    try {
      for (const rows of [1, 2]) {
        const a = Float32Array.from({ length: 2 * rows }, (_, index) => index + 0.5);
        const b = Float32Array.from({ length: 2 * rows }, (_, index) => 4 - index);
        const y = new Float32Array(2 * rows);
        const dims = [rows, 2];
        binding.bindInput("a", { type: "float32", data: a, dims });
        binding.bindInput("b", { type: "float32", data: b, dims });
        binding.bindOutput("y", { type: "float32", data: y, dims });
        await binding.run();
        // Small halves: exact in float32, so equality is asked for.
        const isRight = y.every((it, index) => it === (index + 0.5 + 4 - index) * (4 - index));
        assert(isRight, `a graph of two nodes gave ${y} for ${rows} rows`);
      }
    } finally {
      binding.close();
    }
  } finally {
    await session.close();
  }
}
