import type { ErrorCode } from "@/lib/errors";
import { DISPATCH_POLICY_DEFAULT, type DispatchPolicy } from "@/lib/protocol/dispatch";
import type { LiveLoadReport } from "@/lib/protocol/registration";
import { assert } from "@/lib/util/assert";
import type { Random } from "@/lib/util/random";
import { Breakers, NO_TRIALS } from "./breakers";
import type { BreakerLimits, BreakerView } from "./circuit-breaker";
import { LiveLoad } from "./live-load";
import {
  type Choose,
  pickRoom,
  pickWorker,
  type RoomCandidate,
  type RoomWish,
} from "./pick-worker";
import { POLICIES } from "./policies/policies";
import type { DispatchAsk, PolicyCandidate } from "./policies/policy";
import { PrefixMemory } from "./policies/prefix-memory";
import { SessionMemory } from "./policies/session-memory";
import type { KnownWorker, Offer } from "./worker-picture";

/** A place at a worker, counted until it is released. */
export type Reservation = {
  workerId: string;
  /** Of the life that it is in. */
  instanceId: string;
  modelId: string;
  address: string;
  kind: string;
  /** With what it is called. */
  secret: string;
  /** What the worker offers of the model: only workers of one build write the same text. */
  offer: Offer;
  /** The worker was heard to run the request: nothing of ours waits there for it. */
  started(): void;
  /** The worker's own word of its load came with the answer; `isOver`: with its end, without this request. */
  told(load: LiveLoadReport, how?: { isOver?: boolean }): void;
  /** The worker failed the request. Codes that tell of the request, or of a full worker, say nothing of it. */
  failed(code: ErrorCode): void;
  /** The answer is whole. */
  finished(): void;
  release(): void;
};

/** A place that was taken; or none is free now; or everybody who could was passed over. */
export type Place =
  | { kind: "taken"; reservation: Reservation }
  | { kind: "full" }
  | { kind: "nobody" };

export type PlaceWish = RoomWish & {
  passedOver: ReadonlySet<string>;
  /** What of the request bears upon the choice. */
  ask?: DispatchAsk | undefined;
};

type At = { modelId: string; nowMs: number };
type PlaceCandidate = RoomCandidate & PolicyCandidate & { worker: KnownWorker };

/** For what comes without: nothing is known of it. */
const UNSAID: DispatchAsk = { tokens: 0, session: () => undefined, prefix: () => [] };

export type PlacesOptions = {
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number;
  random?: Random;
  breaker?: Partial<BreakerLimits>;
};

/** Who is at which worker from here, who failed lately, and who wants to hear when that changes. */
export class Places {
  readonly load = new LiveLoad();
  readonly breakers: Breakers;
  readonly #now: () => number;
  readonly #random: Random;
  readonly #memory = { sessions: new SessionMemory(), prefixes: new PrefixMemory() };
  readonly #listeners = new Set<() => void>();

  constructor({ now, random, breaker }: PlacesOptions = {}) {
    this.#now = now ?? (() => performance.now());
    this.#random = random ?? Math.random;
    this.breakers = new Breakers(breaker);
  }

  /** Takes a place that is free as well as can be told here; nothing waits in between. */
  take(
    able: readonly KnownWorker[],
    wish: PlaceWish,
    { modelId, nowMs, policy = DISPATCH_POLICY_DEFAULT }: At & { policy?: DispatchPolicy },
  ): Place {
    const { passedOver, ask: asked = UNSAID } = wish;
    const candidates = this.#toCandidates(able, passedOver, { modelId, nowMs });
    if (candidates.length === 0) return { kind: "nobody" };
    const tokens = this.load.workOf(asked.tokens);
    const ask: DispatchAsk = { tokens, session: asked.session, prefix: asked.prefix };
    const sources = { ask, memory: this.#memory, random: this.#random };
    const choose: Choose<PlaceCandidate> = (among, all) =>
      among.length === 1 && among[0] ? among[0] : POLICIES[policy]({ among, all, ...sources });
    const picked = pickRoom(candidates, wish, choose);
    if (picked === undefined) return { kind: "full" };
    const { worker, isAhead } = picked;
    this.#remember(policy, ask, worker.id);
    return {
      kind: "taken",
      reservation: this.#reserve(worker.worker, modelId, { isAhead, tokens }),
    };
  }

  /** At the least loaded, for what takes no slot: it is counted nowhere, and others wait no longer for it. */
  visit(
    able: readonly KnownWorker[],
    passedOver: ReadonlySet<string>,
    { modelId, nowMs }: At,
  ): Reservation | undefined {
    const picked = pickWorker(
      this.#toCandidates(able, passedOver, { modelId, nowMs }),
      this.#random,
    );
    if (picked === undefined) return undefined;
    const place = { workerId: picked.worker.id, modelId };
    const nothing = () => undefined;
    return {
      ...describePlace(picked.worker, modelId),
      failed: (code) => this.breakers.failed(place, { code, nowMs: this.#now() }),
      started: () => {
        if (this.breakers.succeeded(place, NO_TRIALS)) this.announceRoom();
      },
      // What is answered between other work shows neither load nor that answers succeed.
      ...{ told: nothing, finished: nothing, release: nothing },
    };
  }

  /** It has registered. */
  trust(workerId: string): void {
    this.breakers.forget(workerId);
  }

  /** It has told its load with a beat, heard at `heardMs` on this clock; unless given, now. */
  report(workerId: string, heardMs = this.#now()): void {
    this.breakers.beat(workerId);
    this.load.report(workerId, heardMs);
  }

  /** It was asked at its address whether it lives. */
  probed(workerId: string, isAlive: boolean): void {
    if (!isAlive) return;
    this.breakers.answered(workerId, this.#now());
    this.announceRoom();
  }

  breakerOf(workerId: string): BreakerView {
    return this.breakers.view(workerId, this.#now());
  }

  /** Forgets whoever is not there any more. */
  keep(workerIds: ReadonlySet<string>): void {
    this.breakers.keep(workerIds);
    this.load.keep(workerIds);
  }

  /** Told whenever a place may have come free; until the returned function is called. */
  onRoom(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A place may have come free. */
  announceRoom(): void {
    for (const listener of this.#listeners) listener();
  }

  #toCandidates(
    able: readonly KnownWorker[],
    passedOver: ReadonlySet<string>,
    { modelId, nowMs }: At,
  ): PlaceCandidate[] {
    const candidates: PlaceCandidate[] = [];
    for (const worker of able) {
      if (!passedOver.has(worker.id))
        candidates.push(this.#toCandidate(worker, { modelId, nowMs }));
    }
    return candidates;
  }

  #toCandidate(worker: KnownWorker, { modelId, nowMs }: At): PlaceCandidate {
    const { id, slots } = worker;
    const estimate = this.load.estimate(id, worker.load);
    // What it writes in all is no measure: of two equal workers the busier one writes more, and would
    // stay the busier one for it. What each request gets shrinks with every one that comes.
    const each = estimate.tokensPerRequestSecond;
    const { state, isTrying, hasBeaten } = this.breakers.admittance(
      { workerId: id, modelId },
      nowMs,
    );
    const isClosed = state === "closed";
    // One request at a time finds out, and not as many as it has slots; as fast as it was before.
    const loadOfTrial = isTrying ? slots : 0;
    return {
      worker,
      id,
      slots,
      waitingMax: isClosed ? worker.waitingMax : 0,
      load: isClosed ? estimate.load : loadOfTrial,
      outstandingTokens: estimate.outstandingTokens,
      tokensPerSecond: each === undefined ? undefined : each * slots,
      ahead: isClosed ? this.load.ahead(id) : 0,
      isOpen: state === "open",
      hasBeaten: isClosed || hasBeaten,
    };
  }

  #remember(policy: DispatchPolicy, ask: DispatchAsk, workerId: string): void {
    if (policy === "prefix-affinity") this.#memory.prefixes.note(ask.prefix(), workerId);
    if (policy !== "session-affinity") return;
    const session = ask.session();
    if (session !== undefined) this.#memory.sessions.note(session, workerId);
  }

  #reserve(
    worker: KnownWorker,
    modelId: string,
    { isAhead, tokens }: { isAhead: boolean; tokens: number },
  ): Reservation {
    const { id } = worker;
    const counted = this.load.begin(id, { isAhead, tokens });
    const place = { workerId: id, modelId };
    const trials = this.breakers.begin(place);
    let hasStarted = false;
    const { instanceId, address, kind, callSecret } = worker;
    return {
      workerId: id,
      instanceId,
      modelId,
      address,
      kind,
      secret: callSecret,
      offer: offerOf(worker, modelId),
      started: () => {
        hasStarted = true;
        counted.started();
        const isNews = this.breakers.succeeded(place, trials) || isAhead;
        if (isNews) this.announceRoom();
      },
      told: (load, { isOver = false } = {}) => {
        if (isOver) counted.left();
        this.load.tell(id, load, this.#now());
      },
      failed: (code) =>
        this.breakers.failed(place, { code, trials, hasStarted, nowMs: this.#now() }),
      finished: () => this.breakers.finished(place, this.#now()),
      release: () => {
        counted.release();
        this.breakers.end(place, trials);
        this.announceRoom();
      },
    };
  }
}

function offerOf(worker: KnownWorker, modelId: string): Offer {
  const offer = worker.offers.find((it) => it.modelId === modelId);
  assert(offer !== undefined, "only a worker that offers the model is picked for it");
  return offer;
}

function describePlace(worker: KnownWorker, modelId: string) {
  const offer = offerOf(worker, modelId);
  const { id: workerId, instanceId, address, kind, callSecret: secret } = worker;
  return { workerId, instanceId, modelId, address, kind, secret, offer };
}
