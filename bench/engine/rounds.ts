import type { Competitor, Lineup } from "./lineup";
import type { EngineBenchOptions } from "./options";
import { type Answer, type Question, SAMPLING_KINDS } from "./question";
import { Series, type SeriesKey } from "./series";

export const CONTEXT_LENGTH = 128;
export const PREFILL_TOKENS = 512;
export const OVERHEAD_BATCH = 8;
export const FULL_BATCH = 16;
const STEP_COUNT = 24;
const STREAM_MS = 150;
const LATENCY_MS = 1_500;
/** Salts of prompts that no other prompt of the run begins like. */
const PREFILL_SALT = 1_000;
const PREFIX_SALT = 2_000;

type Case = { key: SeriesKey; competitor: Competitor; question(round: number): Question };

/**
 * Asks everyone everything, round by round: whoever shares the machine slows all of them alike, and the
 * median of the rounds is what a quiet moment would have shown.
 */
export async function measureRounds(
  lineup: Lineup,
  options: EngineBenchOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Series> {
  const series = new Series();
  const cases = listCases(lineup.competitors, options);
  const endMs = performance.now() + options.minutes * 60_000;
  for (let round = 0; round < options.roundCount; round++) {
    if (round > 0 && performance.now() > endMs) {
      say(`${options.minutes} minutes are over: ${round} rounds instead of ${options.roundCount}`);
      break;
    }
    let said = "";
    series.add({ part: "memory", who: "all cores" }, await streamMemory(lineup, signal));
    for (const { key, competitor, question } of cases) {
      if (lineup.failures.has(competitor.name)) continue;
      const what = [`round ${round + 1} of ${options.roundCount}`, key.part, key.detail ?? ""];
      if (what.join() !== said) say(what.join("  ").trimEnd());
      said = what.join();
      try {
        series.add(key, await competitor.subject.ask(question(round), signal));
      } catch (error) {
        if (signal.aborted) throw error;
        // It is named below the table and left out from here on; the others go on.
        const words = error instanceof Error ? error.message : String(error);
        lineup.failures.set(competitor.name, `${key.part}: ${words}`);
      }
    }
  }
  return series;
}

function listCases(competitors: readonly Competitor[], options: EngineBenchOptions): Case[] {
  const ours = competitors.filter((it) => it.kind === "ours");
  // What does not depend on the form is measured with the first alone.
  const first = ours.slice(0, 1);
  const cases: Record<EngineBenchOptions["parts"][number], Case[]> = {
    decode: options.batches.flatMap((batch) =>
      competitors
        .filter((it) => it.kind !== "transformers" || batch === 1)
        .map((competitor) => decodeCase(competitor, batch)),
    ),
    prefill: competitors.map((competitor) => ({
      key: { part: "prefill", who: competitor.name },
      competitor,
      question: (round) => ({
        ...{ kind: "prefill", tokenCount: PREFILL_TOKENS, salt: PREFILL_SALT + round },
      }),
    })),
    prefix: first.map((competitor) => ({
      key: { part: "prefix", who: competitor.name },
      competitor,
      question: (round) => ({
        ...{ kind: "prefix", tokenCount: PREFILL_TOKENS, salt: PREFIX_SALT + 2 * round },
      }),
    })),
    overhead: first.flatMap((competitor) =>
      SAMPLING_KINDS.map((sampling) => ({
        key: { part: "overhead", who: competitor.name, detail: sampling },
        competitor,
        question: () => ({ ...decodeQuestion(OVERHEAD_BATCH), sampling }),
      })),
    ),
    latency: first.map((competitor) => ({
      key: { part: "latency", who: competitor.name },
      competitor,
      question: () => ({ kind: "latency", batch: FULL_BATCH, durationMs: LATENCY_MS }),
    })),
    // Measured apart: it needs a platform (`through-v1.ts`).
    v1: [],
  };
  return options.parts.flatMap((part) => cases[part]);
}

function decodeCase(competitor: Competitor, batch: number): Case {
  return {
    key: { part: "decode", who: competitor.name, detail: batch },
    competitor,
    question: () => decodeQuestion(batch),
  };
}

function decodeQuestion(batch: number) {
  return {
    ...{ kind: "decode" as const, batch, stepCount: STEP_COUNT, contextLength: CONTEXT_LENGTH },
  };
}

/** Bytes a second of all processes together, by the way of reading. */
async function streamMemory(lineup: Lineup, signal: AbortSignal): Promise<Answer> {
  const question: Question = { kind: "stream", durationMs: STREAM_MS };
  const answers = await Promise.all(lineup.memory.map((it) => it.ask(question, signal)));
  const sums: Answer = {};
  for (const [way, rate] of answers.flatMap((answer) => Object.entries(answer))) {
    sums[way] = (sums[way] ?? 0) + rate;
  }
  return sums;
}
