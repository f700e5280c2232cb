import { StartError } from "@/lib/util/start-error";
import { probeBatchInvariance } from "./batch-invariance";
import { GrowingCache } from "./growing-cache";
import { probeGrowingRows } from "./growing-probe";
import { KvCache } from "./kv-cache";
import { ModelRunner } from "./model-runner";
import type { GraphFacts } from "./onnx/graph-facts";
import type { GraphSession } from "./onnx/graph-session";
import type { GraphSignature } from "./onnx/graph-signature";

/** What a graph is to the engine, for people. */
export type GraphForm = {
  /**
   * - `in-place`: GroupQueryAttention writes the cache where it lies.
   * - `growing`: the past comes in and goes out whole; rows share passes with unused places between.
   * - `growing-alone`: the same, one row at a time.
   */
  name: "in-place" | "growing" | "growing-alone";
  /** A sentence: what was found, and how it is served. */
  summary: string;
  /** A sentence each: what this form cannot do. */
  limits: string[];
};

export type ReadyRunner = {
  runner: ModelRunner;
  form: GraphForm;
  /** False for forms in which a request's numbers depend on who shares its steps. */
  isBatchInvariant: boolean;
  /** Whether prompts may be cut into chunks at any place without a change of their numbers. */
  mayCutAnywhere: boolean;
};

export type RunnerNeeds = {
  /** What messages call the graph: its path. */
  source: string;
  signature: GraphSignature;
  facts: GraphFacts;
  slotCount: number;
  contextLength: number;
  /** Whether adapters are served, whose passes have an even number of rows. */
  hasAdapters: boolean;
  /** Serve a form whose answers depend on who else is served. */
  mayVaryWithBatch: boolean;
};

/**
 * The runner that fits a loaded graph, after trying out what rows of it may do.
 *
 * @throws StartError when it cannot be served.
 */
export function createRunner(session: GraphSession, needs: RunnerNeeds): Promise<ReadyRunner> {
  return needs.facts.isInPlaceKv
    ? createInPlaceRunner(session, needs)
    : createGrowingRunner(session, needs);
}

async function createInPlaceRunner(
  session: GraphSession,
  needs: RunnerNeeds,
): Promise<ReadyRunner> {
  const { source, signature, facts, slotCount, contextLength, mayVaryWithBatch } = needs;
  const probe = await probeBatchInvariance(session, signature);
  // What the graph says of itself goes before what a few rows happened to show.
  const rows = facts.batchDependentOperator ? "none" : probe.rows;
  if (rows === "none" && !mayVaryWithBatch) throw variesWithBatch(source);
  // Who accepts variance is spared the row beside a lone one: 0.9× instead of 1.3× llama.cpp's speed with
  // one sequence in int4 blocks of 128.
  const padsToEven = rows === "even" && !mayVaryWithBatch;
  const evenCount = padsToEven ? 2 * Math.ceil(slotCount / 2) : slotCount;
  // Sequences of one adapter may begin at any row: behind the last of all there has to be one to fill up with.
  const rowCount = needs.hasAdapters ? slotCount + 1 : evenCount;
  const cache = new KvCache(signature.cacheSlots, rowCount, contextLength);
  const isBatchInvariant = rows === "any" || padsToEven;
  return {
    runner: new ModelRunner(session, signature, {
      cache,
      padsToEven,
      padsAdapters: needs.hasAdapters,
    }),
    form: {
      name: "in-place",
      summary: "GroupQueryAttention; keys and values are written where they lie.",
      limits: isBatchInvariant ? [] : [VARIES],
    },
    isBatchInvariant,
    mayCutAnywhere: probe.mayCutAnywhere,
  };
}

const VARIES = "Answers depend on who else is served at the moment.";

async function createGrowingRunner(
  session: GraphSession,
  { source, signature, facts, slotCount, contextLength, mayVaryWithBatch }: RunnerNeeds,
): Promise<ReadyRunner> {
  if (facts.batchDependentOperator && !mayVaryWithBatch) throw variesWithBatch(source);
  const rows = await probeGrowingRows(session, signature);
  if (rows === "none") {
    throw new StartError({
      message: `${source} cannot be served: a prompt in two parts gives other logits than the whole, so its attention does not go on from a past as the inputs it declares would have it.`,
      remedy:
        "Export it anew for text generation with past (Optimum's task text-generation-with-past), or with onnxruntime-genai's model builder.",
    });
  }
  const mayHaveHoles = rows === "together";
  const cache = new GrowingCache(signature.cacheSlots, {
    ...{ rowCount: slotCount, capacity: contextLength, mayHaveHoles },
  });
  return {
    runner: new ModelRunner(session, signature, { cache }),
    form: {
      name: mayHaveHoles ? "growing" : "growing-alone",
      summary: mayHaveHoles
        ? "Attention in plain operators over a past that grows; sequences share steps, with masked places between them."
        : "Attention in plain operators over a past that grows, with positions counted by its length; sequences run one after the other.",
      limits: [
        facts.batchDependentOperator
          ? VARIES
          : "The last digits of an answer's numbers depend on who else is served at the moment.",
        "Every step copies all keys and values inside the graph, and takes twice the memory for them.",
        ...(mayHaveHoles ? [] : ["More sequences at once give no more tokens a second."]),
      ],
    },
    isBatchInvariant: false,
    mayCutAnywhere: false,
  };
}

function variesWithBatch(source: string): StartError {
  return new StartError({
    message: `${source} gives a request other numbers depending on who else is served (dynamic quantisation scales activations over the whole batch).`,
    remedy:
      "Take another form of the weights (--weights names one of several), or start with --allow-batch-variance if you accept that.",
  });
}
