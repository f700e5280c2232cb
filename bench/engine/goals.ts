import type { Preset } from "@/lib/engine/synthetic/dimensions";
import { bytesPerStep, type Stored } from "./bytes-per-step";
import type { SamplingKind } from "./question";
import { CONTEXT_LENGTH, FULL_BATCH, OVERHEAD_BATCH } from "./rounds";
import type { Series } from "./series";

/** Who was measured, as far as the goals need to know. */
export type Entrant = {
  name: string;
  kind: "ours" | "llama" | "transformers";
  isBatchInvariant: boolean;
  stored: Stored;
};

export type Goal = {
  text: string;
  /** What was measured, in words; with the names of those compared. */
  measured: string;
  wanted: string;
  /** Undefined when it is only reported, or could not be measured. */
  isMet: boolean | undefined;
};

export type GoalInput = { series: Series; entrants: readonly Entrant[]; model: Preset };

/** What the engine promises, beside what this run showed. */
export function toGoals(input: GoalInput): Goal[] {
  return [
    firstRow(input),
    ...[
      { batch: 4, wanted: undefined },
      { batch: 8, wanted: 2 },
      { batch: FULL_BATCH, wanted: 2.5 },
    ].map(({ batch, wanted }) => batchGoal(input, batch, wanted)),
    ownGrowth(input),
    dynamicGoal(input),
    prefillGoal(input),
    prefixGoal(input),
    ...overheadGoals(input),
    stackGoal(input),
  ].filter((goal) => goal !== undefined);
}

/** Highest of the ways of reading memory, in bytes a second: the median of the rounds. */
export function memoryRate(series: Series): { way: string; rate: number } {
  const rates = ["search", "compare", "copy"].map((way) => ({
    way,
    rate: series.median({ part: "memory", who: "all cores" }, way),
  }));
  return rates.reduce((a, b) => (b.rate > a.rate ? b : a));
}

/** Tokens a second of all sequences, if reading memory were all there is to do. */
export function limitOf({ series, model }: GoalInput, stored: Stored, batch: number): number {
  const bytes = bytesPerStep(model, stored, { batch, contextLength: CONTEXT_LENGTH });
  return (memoryRate(series).rate / bytes) * batch;
}

function firstRow(input: GoalInput): Goal | undefined {
  const four = input.entrants.filter(
    (it) => it.kind === "ours" && it.isBatchInvariant && `${it.stored.weights}`.startsWith("int4"),
  );
  const best = bestOf(input, four, "decode", 1);
  const peer = input.series.median({ part: "decode", who: "llama-q4_0", detail: 1 }, SPEED);
  const stored = four.find((it) => it.name === best?.who)?.stored;
  if (!best || !stored) return undefined;
  const ofLimit = best.value / limitOf(input, stored, 1);
  const ratio = best.value / peer;
  return {
    text: "1. decode, one sequence, int4",
    measured: `${best.who}: ${times(ratio)} llama-q4_0, ${percent(ofLimit)} of the memory's limit`,
    wanted: "≥ 1.0×, or ≥ 85 %",
    isMet: Number.isNaN(ratio) && ofLimit < 0.85 ? undefined : ratio >= 1 || ofLimit >= 0.85,
  };
}

function batchGoal(input: GoalInput, batch: number, wanted: number | undefined): Goal | undefined {
  const ours = bestOf(input, invariant(input), "decode", batch);
  const peer = bestOf(input, llamas(input), "decode", batch);
  if (!ours) return undefined;
  const ratio = ours.value / (peer?.value ?? Number.NaN);
  return {
    text: `2. decode, ${batch} sequences`,
    measured: `${ours.who}: ${times(ratio)} ${peer?.who ?? "llama.cpp"}`,
    ...judge(ratio, wanted, (it) => `≥ ${it}×`),
  };
}

function ownGrowth(input: GoalInput): Goal | undefined {
  const full = bestOf(input, invariant(input), "decode", FULL_BATCH);
  if (!full) return undefined;
  const one = input.series.median({ part: "decode", who: full.who, detail: 1 }, SPEED);
  return {
    text: `2. ${FULL_BATCH} sequences beside our own one`,
    measured: `${full.who}: ${times(full.value / one)} the same form alone`,
    ...judge(full.value / one, 4, (it) => `≥ ${it}×`),
  };
}

function dynamicGoal(input: GoalInput): Goal | undefined {
  const dependent = input.entrants.filter((it) => it.kind === "ours" && !it.isBatchInvariant);
  const ours = bestOf(input, dependent, "decode", FULL_BATCH);
  const peer = bestOf(input, llamas(input), "decode", FULL_BATCH);
  if (!ours) return undefined;
  const ratio = ours.value / (peer?.value ?? Number.NaN);
  return {
    text: `2. the same, answers depending on the batch`,
    measured: `${ours.who}: ${times(ratio)} ${peer?.who ?? "llama.cpp"}`,
    ...judge(ratio, 3, (it) => `≥ ${it}×`),
  };
}

function prefillGoal(input: GoalInput): Goal | undefined {
  const ours = bestOf(input, invariant(input), "prefill");
  const peer = bestOf(input, llamas(input), "prefill");
  if (!ours) return undefined;
  const ratio = ours.value / (peer?.value ?? Number.NaN);
  return {
    text: "3. prefill of 512 tokens",
    measured: `${ours.who}: ${times(ratio)} ${peer?.who ?? "llama.cpp"}`,
    ...judge(ratio, 1.5, (it) => `≥ ${it}×`),
  };
}

function prefixGoal({ series, entrants }: GoalInput): Goal | undefined {
  for (const { name } of entrants) {
    const share = series.median({ part: "prefix", who: name }, "warmShare");
    if (Number.isNaN(share)) continue;
    return {
      text: "4. first token, nine tenths of the prompt known",
      measured: `${name}: ${percent(share)} of the cold one`,
      wanted: "≤ 20 %",
      isMet: share <= 0.2,
    };
  }
  return undefined;
}

/** Log-probabilities, penalties and draws from nearly all tokens are reported and not judged. */
const JUDGED: readonly SamplingKind[] = ["greedy", "temperature", "top-p"];

function overheadGoals({ series, entrants }: GoalInput): Goal[] {
  return entrants.flatMap(({ name }) =>
    JUDGED.flatMap((detail) => {
      const share = series.median({ part: "overhead", who: name, detail }, "scriptShare");
      if (Number.isNaN(share)) return [];
      return {
        text: `5. JavaScript in a step, ${OVERHEAD_BATCH} sequences, ${detail}`,
        measured: `${name}: ${percent(share)}`,
        wanted: "≤ 5 %",
        isMet: share <= 0.05,
      };
    }),
  );
}

function stackGoal({ series, entrants }: GoalInput): Goal | undefined {
  for (const { name } of entrants) {
    const through = series.median({ part: "v1", who: name, detail: "/v1" }, SPEED);
    const alone = series.median({ part: "v1", who: name, detail: "engine" }, SPEED);
    if (Number.isNaN(through / alone)) continue;
    return {
      text: `6. through /v1, ${FULL_BATCH} streams`,
      measured: `${name}: ${percent(through / alone)} of the engine alone`,
      wanted: "≥ 90 %",
      isMet: through / alone >= 0.9,
    };
  }
  return undefined;
}

const SPEED = "tokensPerSecond";

function bestOf(
  { series }: GoalInput,
  entrants: readonly Entrant[],
  part: string,
  detail?: number,
): { who: string; value: number } | undefined {
  const names = entrants.map((it) => it.name);
  return series.best(names, part, SPEED, detail);
}

function invariant({ entrants }: GoalInput): Entrant[] {
  return entrants.filter((it) => it.kind === "ours" && it.isBatchInvariant);
}

function llamas({ entrants }: GoalInput): Entrant[] {
  return entrants.filter((it) => it.kind === "llama");
}

function judge(ratio: number, wanted: number | undefined, toText: (wanted: number) => string) {
  if (wanted === undefined) return { wanted: "reported", isMet: undefined };
  return { wanted: toText(wanted), isMet: Number.isNaN(ratio) ? undefined : ratio >= wanted };
}

export function times(ratio: number): string {
  return Number.isNaN(ratio) ? "?×" : `${ratio.toFixed(2)}×`;
}

export function percent(share: number): string {
  return Number.isNaN(share) ? "? %" : `${(share * 100).toFixed(1)} %`;
}
