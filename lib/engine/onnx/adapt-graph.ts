import { listCaches } from "./cache-names";
import { findAttentions } from "./find-attentions";
import { fuseAttentions } from "./fuse-attention";
import { type GraphFacts, isInPlaceKv, readGraphFacts } from "./graph-facts";
import { inlineCacheBranch } from "./inline-branch";
import { giveNewPresents } from "./new-presents";
import { ELEMENT_TYPE, type OnnxModel } from "./onnx-model";
import { renameTensors } from "./rename-values";
import { rewriteGraph } from "./rewrite-graph";
import { findAttentionDifference } from "./try-attention";

/** What is known of a model beside its graph. */
export type GraphHints = {
  /** Inputs and outputs of the graph that are to have other names. */
  tensorNames?: ReadonlyMap<string, string> | undefined;
  /** Of queries, of keys, and the size of each; the last two only count where the graph leaves them open. */
  headCount?: number | undefined;
  kvHeadCount?: number | undefined;
  headSize?: number | undefined;
  contextLength?: number | undefined;
};

export type AdaptedGraph = { model: OnnxModel; facts: GraphFacts };

/**
 * All that is done to a graph as it was published before it is loaded: usual names, one branch, attention
 * that writes its cache in place, a head that computes no more than is asked of it.
 *
 * @throws Error when it is no graph of a decoder.
 */
export async function adaptGraph(published: OnnxModel, hints: GraphHints): Promise<AdaptedGraph> {
  const renamed = renameTensors(published, hints.tensorNames ?? new Map());
  const plain = inlineCacheBranch(renamed);
  const isInPlace = isInPlaceKv(plain.graph) || listCaches(plain.graph).length === 0;
  const fused = isInPlace ? undefined : await fuse(plain, hints);
  const rewritten = rewriteGraph(typeof fused === "object" ? fused : plain);
  const facts = {
    ...readGraphFacts(plain, rewritten),
    ...(typeof fused === "object" && { isInPlaceKv: true, isFused: true }),
    ...(typeof fused === "string" && { fusionRefusal: fused }),
  };
  const { model } = rewritten;
  const isGrowing = typeof fused === "string";
  return { model: isGrowing ? { ...model, graph: giveNewPresents(model.graph) } : model, facts };
}

/**
 * The graph with GroupQueryAttention in the place of its own attention, when that is what it computes:
 * decoding eight sequences of 512 tokens takes a quarter of the time then.
 */
async function fuse(model: OnnxModel, hints: GraphHints): Promise<OnnxModel | string> {
  const attentions = findAttentions(model.graph);
  if (typeof attentions === "string") return attentions;
  const past = model.graph.input.find((it) => it.name === attentions[0]?.past.key);
  const { elemType, shape } = past?.type.tensorType ?? {};
  const dtype = ([["float32"], ["float16"]] as const)
    .map(([it]) => it)
    .find((it) => ELEMENT_TYPE[it] === elemType);
  const kvHeadCount = shape?.dim[1]?.dimValue ?? hints.kvHeadCount;
  const headSize = shape?.dim[3]?.dimValue ?? hints.headSize;
  const { headCount, contextLength } = hints;
  if (!dtype || !kvHeadCount || !headSize || !headCount || !contextLength) {
    return "neither it nor config.json gives the number and size of its heads";
  }
  // On the scores; on queries and keys each, of which ours are scaled before this looks at them; nowhere.
  const scales = [headSize ** -0.5, headSize ** -0.25, 1];
  let refusal = "";
  for (const scale of scales) {
    const of = { headCount, kvHeadCount, headSize, scale };
    const fused = fuseAttentions(model, attentions, of);
    if (typeof fused === "string") return fused;
    try {
      const options = { attentions, shape: of, dtype, contextLength };
      const difference = await findAttentionDifference(model, fused, options);
      if (difference === undefined) return fused;
      refusal ||= difference;
    } catch (cause) {
      // onnxruntime refuses what does not fit together, such as heads that do not divide.
      return `its attention cannot be run by itself (${cause instanceof Error ? cause.message : cause})`;
    }
  }
  return refusal;
}
