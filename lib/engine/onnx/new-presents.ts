import { listCaches, toNewPresent } from "./cache-names";
import type { OnnxGraph } from "./onnx-model";
import { makeIntegers, makeNode, makeValue } from "./onnx-parts";

/** Names within the graph that are ours, where no exporter's can be. */
const own = (name: string) => `parley/${name}`;
const SHAPE = own("ids_shape");
const LENGTH = own("ids_length");
const FROM = own("from_new");
const ONE = own("one_axis");
const TWO = own("two_axis");
const END = own("no_end");

/** Where tokens follow each other in a cache of `[batch, heads, tokens, head size]`. */
const TOKEN_AXIS = 2;

/**
 * A decoder whose cache grows gives back all that it was given, and the new keys and values behind it.
 * Here it gives the new ones alone, so that a step hands out what it made and not what was there
 * already: for eight sequences of 500 tokens in SmolLM2-135M's dimensions that is 0.4 MB instead of
 * 184. The Concat itself stays, since attention reads it.
 */
export function giveNewPresents(graph: OnnxGraph): OnnxGraph {
  const caches = listCaches(graph);
  const presents = new Map(caches.map((it) => [it.present, toNewPresent(it.present)]));
  const isPresent = (name: string) => presents.has(name);
  const slices = graph.output
    .filter((it) => isPresent(it.name))
    .map(({ name }) =>
      makeNode("Slice", { input: [name, FROM, END, TWO], output: [toNewPresent(name)] }),
    );
  return {
    ...graph,
    node: [
      ...graph.node,
      makeNode("Shape", { input: ["input_ids"], output: [SHAPE] }),
      makeNode("Slice", { input: [SHAPE, ONE, TWO], output: [LENGTH] }),
      makeNode("Neg", { input: [LENGTH], output: [FROM] }),
      ...slices,
    ],
    initializer: [
      ...graph.initializer,
      makeIntegers(ONE, [1]),
      makeIntegers(TWO, [TOKEN_AXIS]),
      makeIntegers(END, [Number.MAX_SAFE_INTEGER]),
    ],
    output: graph.output.map((it) => {
      if (!isPresent(it.name)) return it;
      const { elemType, shape } = it.type.tensorType;
      const [batch = {}, heads = {}, , size = {}] = shape?.dim ?? [];
      const toDim = (dim: { dimValue?: number; dimParam?: string }) =>
        dim.dimValue ?? dim.dimParam ?? "";
      const dims = [toDim(batch), toDim(heads), "sequence_length", toDim(size)];
      return makeValue(toNewPresent(it.name), elemType, dims);
    }),
  };
}
