import type { Random } from "@/lib/util/random";
import type { PrefixMemory } from "./prefix-memory";
import type { SessionMemory } from "./session-memory";

/** A worker as policies see it. */
export type PolicyCandidate = {
  id: string;
  /** Requests that it runs at once. */
  slots: number;
  /** Requests running or waiting there. */
  load: number;
  /** What these have still to read and write, as tokens written. */
  outstandingTokens: number;
  /** What it would write with all its slots taken, by what each of its requests gets; undefined where it does not tell that. */
  tokensPerSecond: number | undefined;
};

/** What of a request bears upon the choice. What costs time is worked out only where a policy asks. */
export type DispatchAsk = {
  /** What it will have to read and write, as tokens written. */
  tokens: number;
  /** The conversation it belongs to, the caller in it; undefined where none is known. */
  session(): string | undefined;
  /** Hashes of its leading blocks, each with all before it, the caller's cache salt in the first. */
  prefix(): readonly number[];
};

export type Choice<T extends PolicyCandidate> = {
  /** Those who have room; one of them is chosen. Not empty. */
  among: readonly T[];
  /** Everybody who could serve it, with room or without. */
  all: readonly T[];
  ask: DispatchAsk;
  memory: { sessions: SessionMemory; prefixes: PrefixMemory };
  random: Random;
};

/** Chooses one of `among`; it changes nothing. */
export type Policy = <T extends PolicyCandidate>(choice: Choice<T>) => T;
