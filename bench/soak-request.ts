import type { EngineRequest } from "@/lib/engine/engine";
import type { Random } from "@/lib/util/random";
import { promptIds } from "./engine/prompt-ids";

export type SoakRequest = {
  request: EngineRequest;
  /** The reader goes away after so many tokens; undefined for those who stay. */
  abortAfterTokens: number | undefined;
  /** Before the next request of the same client. */
  pauseMs: number;
};

const PREFIX_COUNT = 6;
const PREFIX_LENGTH_MAX = 300;
const SUFFIX_LENGTH_MAX = 120;
const ANSWER_LENGTH_MAX = 160;
const PAUSE_MS_MAX = 400;
const SALT_SPAN = 30_000;

/** The longest prompt and answer together. */
export const SOAK_LENGTH_MAX = PREFIX_LENGTH_MAX + SUFFIX_LENGTH_MAX + ANSWER_LENGTH_MAX;

const SAMPLINGS: readonly Partial<EngineRequest>[] = [
  { sampling: { temperature: 0 } },
  { sampling: { temperature: 1 } },
  { sampling: { temperature: 0.7, topP: 0.9 } },
  { sampling: { temperature: 1.5, topP: 0.95, minP: 0.01 } },
  { sampling: { temperature: 0.8, topK: 40, repetitionPenalty: 1.1 } },
  { sampling: { temperature: 0.8, presencePenalty: 0.5, frequencyPenalty: 0.5 } },
  { sampling: { temperature: 0 }, logProbabilityCount: 5 },
  { sampling: { temperature: 1, logitBias: new Map([[300, 2]]) }, reportPrompt: true },
];

/** One request of the mix, the same for the same `random`: lengths, shared beginnings, sampling, aborts. */
export function drawSoakRequest(random: Random): SoakRequest {
  const below = (count: number) => Math.floor(random() * count);
  // Half of all prompts begin like others: a prefix that is known up to some point.
  const hasPrefix = random() < 0.5;
  const prefix = hasPrefix
    ? promptIds(PREFIX_LENGTH_MAX, below(PREFIX_COUNT)).slice(0, 1 + below(PREFIX_LENGTH_MAX))
    : [];
  const suffix = promptIds(1 + below(SUFFIX_LENGTH_MAX), PREFIX_COUNT + below(SALT_SPAN));
  const maxTokens = 1 + below(ANSWER_LENGTH_MAX);
  const { sampling, ...others } = SAMPLINGS[below(SAMPLINGS.length)] ?? {};
  return {
    request: {
      promptIds: [...prefix, ...suffix],
      sampling: { ...sampling, seed: below(2 ** 31) },
      ...others,
      // A string that random words hold now and then.
      stop: random() < 0.2 ? [" t77"] : [],
      ignoreEos: random() < 0.5,
      maxTokens,
    },
    abortAfterTokens: random() < 0.25 ? below(maxTokens) : undefined,
    pauseMs: below(PAUSE_MS_MAX),
  };
}
