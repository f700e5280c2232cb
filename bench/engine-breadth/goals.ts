import { type Goal, percent, times } from "../engine/goals";
import { DRAW_KINDS } from "../engine/question";
import type { Series } from "../engine/series";
import { BATCH, WHO } from "./lineup";

/** What the engine promises, beside what this run showed. */
export function toGoals(series: Series): Goal[] {
  return [...tokenGoals(series), ...compileGoals(series), ...ratioGoals(series)];
}

function tokenGoals(series: Series): Goal[] {
  return DRAW_KINDS.flatMap((detail) => {
    const key = { part: "tokens", who: WHO.grammar, detail };
    const [median, high] = [series.median(key, "addedUs"), series.median(key, "addedUsP99")];
    if (Number.isNaN(median)) return [];
    return {
      text: `1. a constrained token, ${detail}`,
      measured: `${median.toFixed(0)} µs more at the median, ${high.toFixed(0)} µs at the 99th percentile`,
      wanted: "≤ 100 µs, ≤ 1,000 µs",
      isMet: median <= 100 && high <= 1_000,
    };
  });
}

function compileGoals(series: Series): Goal[] {
  const key = { part: "compile", who: WHO.grammar };
  const [fresh, cached] = [series.median(key, "freshMs"), series.median(key, "cachedMs")];
  if (Number.isNaN(fresh)) return [];
  return [
    {
      text: "1. a schema compiled, and again from the cache",
      measured: `${fresh.toFixed(1)} ms, ${cached.toFixed(2)} ms`,
      wanted: "≤ 200 ms, ≤ 1 ms",
      isMet: fresh <= 200 && cached <= 1,
    },
  ];
}

function ratioGoals(series: Series): Goal[] {
  const texts = (who: string) => series.median({ part: "embeddings", who }, "textsPerSecond");
  const tokens = (who: string) =>
    series.median({ part: "forms", who, detail: BATCH }, "tokensPerSecond");
  const embedding = texts(WHO.encoder) / texts(WHO.transformers);
  const goals: Goal[] = [];
  if (!Number.isNaN(texts(WHO.encoder))) {
    goals.push({
      text: "2. embeddings of mixed length",
      measured: `${times(embedding)} ${WHO.transformers}`,
      wanted: "≥ 1.5×",
      isMet: Number.isNaN(embedding) ? undefined : embedding >= 1.5,
    });
  }
  for (const who of [WHO.optimum, WHO.capped]) {
    const share = tokens(who) / tokens(WHO.inPlace);
    if (Number.isNaN(share)) continue;
    goals.push({
      text: `3. decode of ${BATCH}, ${who}`,
      measured: `${percent(share)} of ${WHO.inPlace}`,
      wanted: "≥ 60 %",
      isMet: share >= 0.6,
    });
  }
  return goals;
}
