import {
  ANSWER_TOKENS_EXPECTED,
  CHARACTERS_A_TOKEN,
  READ_TOKEN_COST,
  SPEED_KNOWN_AFTER_MS,
  SPEED_WINDOW_MS,
} from "@/lib/fleet-limits";
import { assert } from "@/lib/util/assert";

/** Of the expected length of answers, how much the latest one counts at least. */
const NEWS_SHARE_MIN = 1 / 16;

/** One request at this worker, from its admission to its end. */
export interface Work {
  /** It has a slot: the worker is at work. */
  start(): void;
  /** The prompt was counted, and how much may be written is known. */
  prompt(tokens: number, maxTokens: number): void;
  /** So many tokens more were written. */
  wrote(tokens: number): void;
  /** It is over; `readTokens`: of one that wrote nothing, how much it read. */
  end(readTokens?: number): void;
}

/** What is known of a request as it comes. */
export type Coming = {
  promptCharacters: number;
  /** Tokens that it may write at most, where it says so. */
  maxTokens?: number | undefined;
  /** It writes as many as it may. */
  isExact?: boolean;
};

type Entry = {
  promptTokens: number;
  isRead: boolean;
  maxTokens: number;
  isExact: boolean;
  written: number;
};

/**
 * How much work lies here, and how fast it is done. Tokens to read count as the part of a written one that
 * they cost. What an answer will still write nobody knows: what it may is no measure, since most allow
 * thousands and write some dozens. It is expected to write what answers had of late, and one that has
 * written more than that as much again: lengths are spread so widely that who has gone on for long goes on.
 * It is never more than it still may. Simulated (`npm run bench -- dispatch`), that cuts the longest waits by
 * a tenth against the mean alone, and does as well as knowing the lengths.
 *
 * A token costs an addition: everything else happens at starts, ends and when somebody asks.
 */
export class WorkMeter {
  readonly #now: () => number;
  readonly #entries = new Set<Entry>();
  #expectedTokens: number = ANSWER_TOKENS_EXPECTED;
  #answers = 0;
  #active = 0;
  /** Tokens since the last `#fold`, and from when on time counts. */
  #freshTokens = 0;
  #foldedMs: number;
  /** Tokens and time at work, the past counting ever less. */
  #tokens = 0;
  #busyMs = 0;
  /** Time at work, once for each request that ran. */
  #requestMs = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#foldedMs = now();
  }

  /** A request was admitted; whoever calls ends it. */
  enter({ promptCharacters, maxTokens, isExact = false }: Coming): Work {
    const entry: Entry = {
      ...{ promptTokens: promptCharacters / CHARACTERS_A_TOKEN, isRead: false },
      ...{ maxTokens: maxTokens ?? Number.POSITIVE_INFINITY, isExact, written: 0 },
    };
    this.#entries.add(entry);
    let isStarted = false;
    return {
      start: () => {
        assert(!isStarted, "a request starts once");
        isStarted = true;
        this.#fold();
        this.#active += 1;
      },
      prompt: (tokens, most) => {
        entry.promptTokens = tokens;
        entry.maxTokens = most;
      },
      wrote: (tokens) => {
        entry.isRead = true;
        entry.written += tokens;
        this.#freshTokens += tokens;
      },
      end: (readTokens = 0) => {
        if (!this.#entries.delete(entry)) return;
        this.#freshTokens += readTokens * READ_TOKEN_COST;
        if (entry.written > 0) {
          this.#answers += 1;
          // The first takes the place of what was expected without any: a new worker that went on to expect
          // more than its twins would seem busier than they are.
          const share = Math.max(NEWS_SHARE_MIN, 1 / this.#answers);
          this.#expectedTokens += (entry.written - this.#expectedTokens) * share;
        }
        if (!isStarted) return;
        this.#fold();
        this.#active -= 1;
      },
    };
  }

  /** What is still to be read and written, as tokens written. */
  get outstandingTokens(): number {
    let sum = 0;
    for (const { promptTokens, isRead, maxTokens, isExact, written } of this.#entries) {
      if (!isRead) sum += promptTokens * READ_TOKEN_COST;
      const left = Math.max(0, maxTokens - written);
      const expected = Math.max(this.#expectedTokens, written);
      sum += isExact && Number.isFinite(left) ? left : Math.min(left, expected);
    }
    return Math.ceil(sum);
  }

  /** Tokens written a second of late while there was work; undefined before that is known. */
  get tokensPerSecond(): number | undefined {
    return this.#rateOver(() => this.#busyMs);
  }

  /** What each request got of these. */
  get tokensPerRequestSecond(): number | undefined {
    return this.#rateOver(() => this.#requestMs);
  }

  #rateOver(readMs: () => number): number | undefined {
    this.#fold();
    if (this.#busyMs < SPEED_KNOWN_AFTER_MS || this.#tokens === 0) return undefined;
    return Math.round((this.#tokens / readMs()) * 10_000) / 10;
  }

  #fold(): void {
    const nowMs = this.#now();
    const busyMs = this.#active > 0 ? nowMs - this.#foldedMs : 0;
    this.#foldedMs = nowMs;
    const stays = Math.exp(-busyMs / SPEED_WINDOW_MS);
    this.#busyMs = this.#busyMs * stays + busyMs;
    this.#requestMs = this.#requestMs * stays + busyMs * this.#active;
    this.#tokens = this.#tokens * stays + this.#freshTokens;
    this.#freshTokens = 0;
  }
}
