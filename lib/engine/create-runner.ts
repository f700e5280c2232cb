import { StartError } from "@/lib/util/start-error";
import { probeBatchInvariance } from "./batch-invariance";
import { GrowingCache } from "./growing-cache";
import { KvCache } from "./kv-cache";
import { ModelRunner } from "./model-runner";
import type { GraphFacts } from "./onnx/graph-facts";
import type { GraphSession } from "./onnx/graph-session";
import type { GraphSignature } from "./onnx/graph-signature";
import {
  isSameBesideLongest,
  NoNumbersError,
  type ProbeCacheOptions,
  type ProbeOptions,
  probeRows,
} from "./row-probe";

/** What a graph is to the engine, for people. */
export type GraphForm = {
  /**
   * - `in-place`: GroupQueryAttention writes the cache where it lies.
   * - `fused`: the same, put in the place of attention in plain operators when the graph was prepared.
   * - `growing`: the past comes in and goes out whole; rows share passes with unused places between.
   *
   * Those that end in `-alone` run one row at a time.
   */
  name: "in-place" | "in-place-alone" | "fused" | "fused-alone" | "growing" | "growing-alone";
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
  /** Whether config.json says that attention looks back fewer tokens. */
  hasWindow: boolean;
  /** Whether adapters are served, whose passes have an even number of rows. */
  hasAdapters: boolean;
  /** Serve a form whose answers depend on who else is served. */
  mayVaryWithBatch: boolean;
  /** Whether something else than the CPU runs the graph. */
  isOnDevice: boolean;
};

/**
 * The runner that fits a loaded graph, after trying out what rows of it may do; undefined where a graph
 * does not work with its attention replaced.
 *
 * @throws StartError when it cannot be served.
 */
export async function createRunner(
  session: GraphSession,
  needs: RunnerNeeds,
): Promise<ReadyRunner | undefined> {
  const { isInPlaceKv, isFused } = needs.facts;
  if (!isInPlaceKv) return createGrowingRunner(session, needs);
  if (!isFused && needs.signature.hasOneRow) return createAloneRunner(session, needs, ONE_ROW);
  const inPlace = {
    createCache: (it: ProbeCacheOptions) =>
      new KvCache(it.slots, it.rowCount, it.capacity, it.runsRowsAlone),
    ...toProbe(needs),
  };
  if (!isFused) return createPublishedInPlace(session, needs, inPlace);
  const { company } = await probeRows(session, needs.signature, inPlace);
  if (company === "none") return undefined;
  if (company === "together") return createInPlaceRunner(session, needs, FUSED);
  return createAloneRunner(session, needs, FUSED_ALONE);
}

/** @throws StartError when it does not run with one row either. */
async function createPublishedInPlace(
  session: GraphSession,
  needs: RunnerNeeds,
  probe: ProbeOptions,
): Promise<ReadyRunner> {
  try {
    const { seesLongest } = probe;
    const isSame = !seesLongest || (await isSameBesideLongest(session, needs.signature, probe));
    return isSame
      ? await createInPlaceRunner(session, needs, IN_PLACE)
      : createAloneRunner(session, needs, BY_LONGEST);
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    // Some that were exported for one sequence do not say so, and fail with two.
    const near = { ...probe, seesLongest: false };
    const { company, failure = cause } = await probeRows(session, needs.signature, near);
    // What a device says is told as that (`device-check.ts`).
    if (company === "none" && needs.isOnDevice) throw cause;
    if (company === "none") throw doesNotContinue(needs.source, failure);
    return createAloneRunner(session, needs, company === "alone" ? ONE_ROW : BY_LONGEST);
  }
}

const toProbe = ({ facts, contextLength }: RunnerNeeds) => ({
  ...{ scalesByPass: facts.batchDependentOperator !== undefined, contextLength },
  // Unused places of a past that grows lie between a row and its new token.
  seesLongest: !facts.isInPlaceKv || facts.choosesByMask === true,
});

function createAloneRunner(
  session: GraphSession,
  { signature, slotCount, contextLength }: RunnerNeeds,
  form: GraphForm,
): ReadyRunner {
  const cache = new KvCache(signature.cacheSlots, slotCount, contextLength, true);
  return { runner: new ModelRunner(session, signature, { cache }), form, ...ALONE };
}

/** Who never shares a pass gets the same in any company. */
const ALONE = { isBatchInvariant: true, mayCutAnywhere: false };

const VARIES = "Answers depend on who else is served at the moment.";
const ONE_BY_ONE =
  "Sequences run one after the other in every step: more at once give no more tokens a second.";

const SHORTER =
  "With a context no longer than its attention looks back (--max-model-len) it is served in place, all sequences at once.";

const IN_PLACE: GraphForm = {
  name: "in-place",
  summary: "GroupQueryAttention; keys and values are written where they lie.",
  limits: [],
};
const ONE_ROW: GraphForm = {
  name: "in-place-alone",
  summary: "GroupQueryAttention, exported for one sequence at a time.",
  limits: [ONE_BY_ONE],
};
const BY_LONGEST: GraphForm = {
  name: "in-place-alone",
  summary:
    "GroupQueryAttention; what the graph gives a sequence depends on how long the longest of a step is.",
  limits: [
    ONE_BY_ONE,
    "With a context that has no such border in it (--max-model-len, often 4096) all sequences are served at once.",
  ],
};
const FUSED: GraphForm = {
  name: "fused",
  summary:
    "Attention in plain operators, served as GroupQueryAttention, which gave the same in every layer; keys and values are written where they lie.",
  limits: [],
};
const FUSED_ALONE: GraphForm = {
  name: "fused-alone",
  summary: `${FUSED.summary.slice(0, -1)}. Its numbers depend on the length of the longest sequence of a step.`,
  limits: [ONE_BY_ONE],
};

async function createInPlaceRunner(
  session: GraphSession,
  needs: RunnerNeeds,
  form: GraphForm,
): Promise<ReadyRunner> {
  const { source, signature, facts, slotCount, contextLength, mayVaryWithBatch } = needs;
  const probe = await probeBatchInvariance(session, signature, { contextLength });
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
    form: { ...form, limits: isBatchInvariant ? form.limits : [...form.limits, VARIES] },
    isBatchInvariant,
    mayCutAnywhere: probe.mayCutAnywhere,
  };
}

async function createGrowingRunner(
  session: GraphSession,
  needs: RunnerNeeds,
): Promise<ReadyRunner> {
  const { source, signature, facts, slotCount, contextLength, mayVaryWithBatch } = needs;
  const { company, failure } = await probeRows(session, signature, {
    ...toProbe(needs),
    createCache: (it) => new GrowingCache(it.slots, it),
  });
  if (company === "none") throw doesNotContinue(source, failure);
  // A window is measured in places, of which unused ones would take up some.
  const runsRowsAlone = company === "alone" || facts.isWindowed === true || needs.hasWindow;
  if (!runsRowsAlone && facts.batchDependentOperator && !mayVaryWithBatch) {
    throw variesWithBatch(source);
  }
  const cache = new GrowingCache(signature.cacheSlots, {
    ...{ rowCount: slotCount, capacity: contextLength, runsRowsAlone },
  });
  const runner = new ModelRunner(session, signature, { cache });
  const summary = `Attention in plain operators over a past that grows, not replaced because ${facts.fusionRefusal ?? "it is of another kind"}.`;
  const copies =
    "Every step copies all keys and values inside the graph, and takes twice the memory for them.";
  if (runsRowsAlone) {
    const limits = [copies, ONE_BY_ONE, ...(facts.isWindowed ? [SHORTER] : [])];
    return { runner, form: { name: "growing-alone", summary, limits }, ...ALONE };
  }
  const varies = facts.batchDependentOperator
    ? VARIES
    : "The last digits of an answer's numbers depend on who else is served at the moment.";
  return {
    runner,
    form: { name: "growing", summary, limits: [varies, copies] },
    ...{ isBatchInvariant: false, mayCutAnywhere: false },
  };
}

function doesNotContinue(source: string, cause: unknown): StartError {
  if (cause instanceof NoNumbersError) {
    return new StartError({
      message: `${source} cannot be served: the logits it gives are NaN or infinite.`,
      cause,
      remedy:
        "Copy the file again (a broken download is the usual cause), or take a form of the weights that is not in half precision, where large activations overflow.",
    });
  }
  const reason =
    cause instanceof Error
      ? `it does not run with a past (${cause.message.trim().replace(/\.$/, "")})`
      : "a prompt in two parts gives other logits than the whole, so its attention does not go on from a past as the inputs it declares would have it";
  return new StartError({
    message: `${source} cannot be served: ${reason}.`,
    cause,
    remedy:
      "Export it anew for text generation with past (Optimum's task text-generation-with-past), or with onnxruntime-genai's model builder.",
  });
}

function variesWithBatch(source: string): StartError {
  return new StartError({
    message: `${source} gives a request other numbers depending on who else is served (dynamic quantisation scales activations over the whole batch).`,
    remedy:
      "Take another form of the weights (--weights names one of several), or start with --allow-batch-variance if you accept that.",
  });
}
