import { listCaches } from "./cache-names";
import { findAttentions } from "./find-attentions";
import { fuseAttentions, PLACED_MASK } from "./fuse-attention";
import { choosesByMask, type GraphFacts, isInPlaceKv, readGraphFacts } from "./graph-facts";
import { inlineCacheBranch } from "./inline-branch";
import { keepAllLogits } from "./keep-all-logits";
import { giveNewPresents } from "./new-presents";
import { ELEMENT_TYPE, type OnnxModel } from "./onnx-model";
import { renameTensors } from "./rename-values";
import { rewriteGraph } from "./rewrite-graph";
import { type AttentionDifference, findAttentionDifference } from "./try-attention";

/** What is known of a model beside its graph. */
export type GraphHints = {
  /** Inputs and outputs of the graph that are to have other names. */
  tensorNames?: ReadonlyMap<string, string> | undefined;
  /** Of queries, of keys, and the size of each; the last two only count where the graph leaves them open. */
  headCount?: number | undefined;
  kvHeadCount?: number | undefined;
  headSize?: number | undefined;
  /** Tokens that are to be served. */
  contextLength?: number | undefined;
  /** How far attention looks back by the model's configuration, in tokens; undefined where it looks back all. */
  window?: number | undefined;
  /** False leaves attention as it was published. */
  mayFuse?: boolean | undefined;
};

export type AdaptedGraph = {
  model: OnnxModel;
  facts: GraphFacts;
  /** False where another try may come out differently, such as after memory ran out in the middle of this one. */
  isSettled: boolean;
};

const MASK = "attention_mask";

type Refusal = AttentionDifference & { isSettled: boolean };

/**
 * All that is done to a graph as it was published before it is loaded: usual names, one branch, attention
 * that writes its cache in place, a head that computes no more than is asked of it.
 *
 * @throws Error when it is no graph of a decoder.
 */
export async function adaptGraph(published: OnnxModel, hints: GraphHints): Promise<AdaptedGraph> {
  const renamed = renameTensors(published, hints.tensorNames ?? new Map());
  const plain = keepAllLogits(inlineCacheBranch(renamed));
  const isInPlace = isInPlaceKv(plain.graph) || listCaches(plain.graph).length === 0;
  const fused = isInPlace ? undefined : await fuse(plain, hints);
  const isGrowing = fused !== undefined && "reason" in fused;
  const isFused = fused !== undefined && !isGrowing;
  const rewritten = rewriteGraph(isFused ? fused : plain);
  const facts = {
    ...readGraphFacts(plain, rewritten),
    ...(isFused && { isInPlaceKv: true, isFused: true }),
    ...(choosesByMask((isFused ? fused : plain).graph, [MASK, PLACED_MASK]) && {
      choosesByMask: true,
    }),
    ...(isGrowing && { fusionRefusal: fused.reason, isWindowed: fused.isFarOnly }),
  };
  const { model } = rewritten;
  return {
    model: isGrowing ? { ...model, graph: giveNewPresents(model.graph) } : model,
    facts,
    isSettled: !isGrowing || fused.isSettled,
  };
}

/**
 * The graph with GroupQueryAttention in the place of its own attention, when that is what it computes:
 * decoding eight sequences of 512 tokens takes a quarter of the time then.
 */
async function fuse(model: OnnxModel, hints: GraphHints): Promise<OnnxModel | Refusal> {
  if (hints.mayFuse === false) return refuse("it did not work with GroupQueryAttention");
  const attentions = findAttentions(model.graph);
  if (typeof attentions === "string") return refuse(attentions);
  const past = model.graph.input.find((it) => it.name === attentions[0]?.past.key);
  const { elemType, shape } = past?.type.tensorType ?? {};
  const dtype = ([["float32"], ["float16"]] as const)
    .map(([it]) => it)
    .find((it) => ELEMENT_TYPE[it] === elemType);
  const kvHeadCount = shape?.dim[1]?.dimValue ?? hints.kvHeadCount;
  const headSize = shape?.dim[3]?.dimValue ?? hints.headSize;
  const { headCount, contextLength, window } = hints;
  if (!dtype || !kvHeadCount || !headSize || !headCount || !contextLength) {
    return refuse("neither it nor config.json gives the number and size of its heads");
  }
  // On the scores; on queries and keys each, of which ours are scaled before this looks at them; nowhere.
  const scales = [headSize ** -0.5, headSize ** -0.25, 1];
  let refusal: Refusal | undefined;
  for (const scale of scales) {
    const of = { headCount, kvHeadCount, headSize, scale };
    const fused = fuseAttentions(model, attentions, of);
    if (typeof fused === "string") return refuse(fused);
    try {
      const options = { attentions, shape: of, dtype, contextLength, window };
      const difference = await findAttentionDifference(model, fused, options);
      if (difference === undefined) return fused;
      // With the right scale a difference far away is the only one.
      if (!refusal || difference.isFarOnly) refusal = { ...difference, isSettled: true };
    } catch (cause) {
      // onnxruntime refuses what does not fit together, such as heads that do not divide.
      const reason = cause instanceof Error ? cause.message : String(cause);
      return { ...refuse(`its attention cannot be run by itself (${reason})`), isSettled: false };
    }
  }
  return refusal ?? refuse("it has no attention");
}

const refuse = (reason: string): Refusal => ({ reason, isFarOnly: false, isSettled: true });
