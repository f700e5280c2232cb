import { listReads } from "./graph-index";
import { ELEMENT_TYPE, type OnnxGraph, type OnnxModel } from "./onnx-model";
import { makeNode } from "./onnx-parts";

const COUNT_NAMES = ["num_logits_to_keep", "logits_to_keep"];
/** What may stand between the count and the place where a Slice begins. */
const ARITHMETIC = new Set([
  "Neg",
  "Cast",
  "Identity",
  "Unsqueeze",
  "Squeeze",
  "Reshape",
  "Concat",
]);

/**
 * Some decoders are told how many of the last positions get logits, where 0 stands for all. Ours are told
 * which (`rewriteGraph`): the input becomes a constant 0, and the Slice that obeyed it keeps everything.
 */
export function keepAllLogits(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const input = graph.input.find((it) => COUNT_NAMES.includes(it.name));
  if (!input) return model;
  const { elemType, shape } = input.type.tensorType;
  const rawData = new Uint8Array(elemType === ELEMENT_TYPE.int64 ? 8 : 4);
  const zero = {
    name: input.name,
    dims: (shape?.dim ?? []).map(() => 1),
    ...{ dataType: elemType, rawData },
  };
  const counts = findDerived(graph, input.name);
  return {
    ...model,
    graph: {
      ...graph,
      input: graph.input.filter((it) => it !== input),
      initializer: [...graph.initializer, zero],
      node: graph.node.map((it) => {
        const isObeying = it.opType === "Slice" && counts.has(it.input[1] ?? "");
        return isObeying
          ? makeNode("Identity", { input: it.input.slice(0, 1), output: it.output })
          : it;
      }),
    },
  };
}

/** The value and all that is nothing but it, negated or shaped. */
function findDerived(graph: OnnxGraph, name: string): ReadonlySet<string> {
  const derived = new Set([name]);
  for (const node of graph.node) {
    if (!ARITHMETIC.has(node.opType)) continue;
    if (!listReads(node).some((it) => derived.has(it))) continue;
    for (const output of node.output) derived.add(output);
  }
  return derived;
}
