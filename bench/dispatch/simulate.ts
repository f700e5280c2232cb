import { boundedLoad } from "@/lib/controller/policies/bounded-load";
import { POLICIES } from "@/lib/controller/policies/policies";
import type { DispatchAsk, PolicyCandidate } from "@/lib/controller/policies/policy";
import { PrefixMemory } from "@/lib/controller/policies/prefix-memory";
import { SessionMemory } from "@/lib/controller/policies/session-memory";
import type { DispatchPolicy } from "@/lib/protocol/dispatch";
import { type Random, seededRandom } from "@/lib/util/random";

/**
 * Workers on paper: each writes its tokens a second for all that run there together, whoever finds no slot
 * waits in line. Requests come at random moments. The policies are those that serve people; time is a number.
 */
export type Simulation = {
  policy: DispatchPolicy;
  seed: number;
  workers: readonly { slots: number; tokensPerSecond: number }[];
  requests: number;
  /** Of what all workers together can write. */
  utilization: number;
  /** Tokens of an answer, and how many it says it may have. */
  drawAnswer: (random: Random) => { tokens: number; maxTokens: number };
  /** The conversation of a request; absent: each is one of its own. */
  drawSession?: (random: Random) => string;
  /** Whether only workers with a free slot are chosen among, while there is one. */
  freeFirst?: boolean;
};

export type SimulationResult = {
  /** From arrival to the last token, seconds. */
  meanSeconds: number;
  p99Seconds: number;
  /** The most requests that were at one worker at once. */
  longestQueue: number;
  /** Of the turns after a conversation's first, those at the worker of the turn before. */
  stayed: number;
  /** Turns that went to a worker beyond its bound although another was within its own. */
  beyondBound: number;
};

type Job = { arrivedAt: number; tokens: number; left: number; maxTokens: number };
type Worker = PolicyCandidate & { running: Job[]; line: Job[]; rate: number };

export function simulate(simulation: Simulation): SimulationResult {
  return new Run(simulation).finish();
}

class Run {
  readonly #simulation: Simulation;
  readonly #random: Random;
  readonly #workers: Worker[];
  readonly #memory = { sessions: new SessionMemory(), prefixes: new PrefixMemory() };
  readonly #lastAt = new Map<string, string>();
  readonly #times: number[] = [];
  readonly #perSecond: number;
  #expected = 64;
  #now = 0;
  #longestQueue = 0;
  #turns = { later: 0, stayed: 0, beyondBound: 0 };

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#random = seededRandom(simulation.seed);
    this.#workers = simulation.workers.map(({ slots, tokensPerSecond }, index) => ({
      ...{ id: `worker-${index}`, slots, load: 0, outstandingTokens: 0, tokensPerSecond },
      ...{ running: [], line: [], rate: tokensPerSecond },
    }));
    const sample = seededRandom(simulation.seed + 1);
    let sum = 0;
    for (let count = 0; count < 2_000; count++) sum += simulation.drawAnswer(sample).tokens;
    const capacity = simulation.workers.reduce((total, it) => total + it.tokensPerSecond, 0);
    this.#perSecond = (capacity * simulation.utilization) / (sum / 2_000);
  }

  finish(): SimulationResult {
    for (let count = 0; count < this.#simulation.requests; count++) {
      this.#passTo(this.#now - Math.log(1 - this.#random()) / this.#perSecond);
      this.#arrive();
    }
    this.#passTo(Number.POSITIVE_INFINITY);
    const sorted = this.#times.toSorted((one, other) => one - other);
    return {
      meanSeconds: sorted.reduce((sum, it) => sum + it, 0) / sorted.length,
      p99Seconds: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
      longestQueue: this.#longestQueue,
      stayed: this.#turns.stayed / Math.max(1, this.#turns.later),
      beyondBound: this.#turns.beyondBound,
    };
  }

  #arrive(): void {
    const { policy, drawAnswer, drawSession, freeFirst = false } = this.#simulation;
    const { tokens, maxTokens } = drawAnswer(this.#random);
    const session = drawSession?.(this.#random);
    const all = this.#workers;
    for (const it of all) this.#measure(it);
    const free = all.filter((it) => it.load < it.slots);
    const among = freeFirst && free.length > 0 ? free : all;
    const ask: DispatchAsk = {
      tokens: Math.min(maxTokens, this.#expected),
      session: () => session,
      prefix: () => [],
    };
    const random = this.#random;
    const chosen = POLICIES[policy]({ among, all, ask, memory: this.#memory, random });
    if (session !== undefined) this.#noteTurn(session, chosen, among);
    const job = { arrivedAt: this.#now, tokens, left: tokens, maxTokens };
    if (chosen.running.length < chosen.slots) chosen.running.push(job);
    else chosen.line.push(job);
    const queue = chosen.running.length + chosen.line.length;
    this.#longestQueue = Math.max(this.#longestQueue, queue);
  }

  /** As a worker tells it: what an answer will still write nobody knows. */
  #measure(worker: Worker): void {
    const { running, line } = worker;
    worker.load = running.length + line.length;
    worker.outstandingTokens = 0;
    for (const jobs of [running, line]) {
      for (const { tokens, left, maxTokens } of jobs) {
        const written = tokens - left;
        const expected = Math.max(this.#expected, written);
        worker.outstandingTokens += Math.min(maxTokens - written, expected);
      }
    }
  }

  #noteTurn(session: string, chosen: Worker, among: readonly Worker[]): void {
    const lastId = this.#lastAt.get(session);
    if (lastId !== undefined) {
      this.#turns.later += 1;
      if (lastId === chosen.id) this.#turns.stayed += 1;
    }
    const isWilling = boundedLoad(this.#workers);
    if (!isWilling(chosen) && among.some(isWilling)) this.#turns.beyondBound += 1;
    this.#lastAt.set(session, chosen.id);
    this.#memory.sessions.note(session, chosen.id);
  }

  /** Lets work be done until a moment. */
  #passTo(untilS: number): void {
    for (const worker of this.#workers) {
      let now = this.#now;
      while (worker.running.length > 0) {
        const { running, rate } = worker;
        const shortest = running.reduce((least, it) => Math.min(least, it.left), Infinity);
        const doneAt = now + (shortest * running.length) / rate;
        const written = doneAt <= untilS ? shortest : ((untilS - now) * rate) / running.length;
        for (const job of running) job.left -= written;
        if (doneAt > untilS) break;
        now = doneAt;
        this.#finishJobs(worker, now);
      }
    }
    if (untilS !== Number.POSITIVE_INFINITY) this.#now = untilS;
  }

  #finishJobs(worker: Worker, now: number): void {
    const isOver = (job: Job) => job.left <= 1e-9;
    for (const job of worker.running.filter(isOver)) {
      this.#times.push(now - job.arrivedAt);
      this.#expected += (job.tokens - this.#expected) / 16;
    }
    worker.running = worker.running.filter((job) => !isOver(job));
    while (worker.running.length < worker.slots) {
      const next = worker.line.shift();
      if (next === undefined) break;
      worker.running.push(next);
    }
  }
}

/** Lengths of answers as they come: most are short, some go on. */
export function drawMixed(random: Random): { tokens: number; maxTokens: number } {
  const isLong = random() < 0.1;
  const mean = isLong ? 1_000 : 50;
  const maxTokens = isLong ? 4_096 : 256;
  const tokens = Math.ceil(-Math.log(1 - random()) * mean);
  return { tokens: Math.min(tokens, maxTokens), maxTokens };
}
