import type { Controller } from "@/lib/controller/controller";
import type { Wanted } from "@/lib/controller/explain-absence";
import type { Place, PlaceWish, Reservation } from "@/lib/controller/places";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import {
  ADMISSION_PACE_MS,
  ADMISSION_RETRY_SECONDS_MAX,
  ADMISSION_WAITING_MAX,
  PICTURE_INTERVAL_MS,
} from "@/lib/fleet-limits";
import { OVERLOADED_RETRY_AFTER_SECONDS } from "@/lib/limits";
import { processSingleton } from "@/lib/util/process-singleton";
import type { StopSignal } from "@/lib/util/stop";
import { FairQueue, type Waiting } from "./fair-queue";
import { gatewayMetrics } from "./gateway-metrics";
import { Pace } from "./pace";

export type Admitted = {
  wanted: Wanted;
  /** Who asks: places are shared alike among lanes. */
  lane: string;
  passedOver: ReadonlySet<string>;
  /** What of the request bears upon which worker is chosen. */
  ask?: PlaceWish["ask"];
  preferredId?: string | undefined;
  /** Part of a request that has already had a place: goes before the fresh ones of its lane. */
  isUnderWay: boolean;
  signal: StopSignal;
  /** How long it may wait; 0: not at all. */
  waitMsMax: number;
  /** Whether it takes a place only where a slot stays free beside it. */
  leavesRoom?: boolean | undefined;
};

type Waiter = Admitted & {
  /** Alike for those whom the same workers can serve. */
  key: string;
  grant(reservation: Reservation | undefined): void;
  refuse(reason: unknown): void;
};

/** What it needs to know of workers. */
export type Rooms = Pick<Controller, "place" | "onRoom" | "whenCurrent">;

type ModelQueue = { name: string; queue: FairQueue<Waiter>; pace: Pace };

/**
 * Where requests wait for a worker: in this process, a queue for each model, fair among those who ask
 * (`fair-queue.ts`). The workers' own waiting rooms serve whoever comes first; here nothing is sent to
 * them before a slot is free, but for one request ahead (`pickRoom`). Several web processes each have
 * their own queues and meet in the workers' rooms.
 *
 * A place may come free with every release, every beat of a worker, every change of the registry; each is
 * heard, and whoever is first takes it in the same turn of the event loop, so that nobody can slip in
 * between. A slow clock asks again, for what other processes write and nobody here is told.
 */
export class Admission {
  readonly #rooms: Rooms;
  readonly #waitingMax: number;
  /** Who had a turn last stands last: models may share a worker. */
  readonly #queues = new Map<string, ModelQueue>();
  #waitingCount = 0;
  #clock: NodeJS.Timeout | undefined;

  constructor(rooms: Rooms, { waitingMax = ADMISSION_WAITING_MAX } = {}) {
    this.#rooms = rooms;
    this.#waitingMax = waitingMax;
    rooms.onRoom(() => this.#serveWaiting());
  }

  /** Requests that wait, for whichever model. */
  get waitingCount(): number {
    return this.#waitingCount;
  }

  /** Requests that wait for `model`. */
  waiting(model: string): number {
    return this.#queues.get(model)?.queue.size ?? 0;
  }

  /**
   * A place at once where one is free and nobody is before; else when it is this request's turn.
   * Undefined when everybody who could serve it is in `passedOver`. The controller's picture is current.
   *
   * @throws AppError `model-not-found`, `not-supported`, `no-worker`, also after a wait in which the last
   * worker went; `overloaded` when too many wait or this has waited too long; the signal's reason.
   */
  enter(admitted: Admitted): Reservation | undefined | Promise<Reservation | undefined> {
    const { wanted, lane, signal, waitMsMax } = admitted;
    const waitingBefore = this.waiting(wanted.model);
    // Whoever waits is before: what is free for the newcomer is offered to all, in their order.
    const place = waitingBefore === 0 ? this.#take(admitted, true) : undefined;
    if (place?.kind === "nobody") return undefined;
    const own = this.#queueOf(wanted.model);
    if (place?.kind === "taken") {
      own.queue.begin(lane);
      gatewayMetrics.queueSeconds.observe({ model: wanted.model }, 0);
      return this.#count(own, lane, place.reservation);
    }
    signal.throwIfAborted();
    if (waitMsMax <= 0) throw this.#refusal(own, lane, allBusy(wanted.model));
    return this.#wait(own, admitted);
  }

  #take(
    { wanted, passedOver, ask, preferredId, leavesRoom }: Admitted,
    maySuspect: boolean,
  ): Place {
    return this.#rooms.place(wanted, { passedOver, ask, preferredId, leavesRoom, maySuspect });
  }

  #queueOf(name: string): ModelQueue {
    let found = this.#queues.get(name);
    if (!found) {
      // Only models that a worker offers come this far, so clients cannot make this grow.
      const queue = new FairQueue<Waiter>(this.#waitingMax);
      found = { name, queue, pace: new Pace(ADMISSION_PACE_MS) };
      this.#queues.set(name, found);
    }
    return found;
  }

  /** The place, held against its lane until it is released. */
  #count({ queue, pace }: ModelQueue, lane: string, reservation: Reservation): Reservation {
    let isOpen = true;
    const { release } = reservation;
    reservation.release = () => {
      if (!isOpen) return;
      isOpen = false;
      queue.end(lane);
      pace.note(performance.now());
      release();
    };
    return reservation;
  }

  #wait(own: ModelQueue, admitted: Admitted): Promise<Reservation | undefined> {
    const { lane, isUnderWay, signal, waitMsMax } = admitted;
    const model = own.name;
    return new Promise((resolve, reject) => {
      const sinceMs = performance.now();
      const leave = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        own.queue.remove(waiting);
        this.#waitingCount -= 1;
        gatewayMetrics.queued.dec({ model });
        gatewayMetrics.queueSeconds.observe({ model }, (performance.now() - sinceMs) / 1_000);
        if (this.#waitingCount === 0) this.#stopClock();
      };
      const waiter: Waiter = {
        ...admitted,
        key: toKey(admitted),
        grant: (reservation) => {
          leave();
          resolve(reservation);
        },
        refuse: (reason) => {
          leave();
          reject(reason);
        },
      };
      const onAbort = () => waiter.refuse(signal.reason);
      const timer = setTimeout(() => this.#refuseLate(own, waiter), waitMsMax).unref();
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waitingCount += 1;
      gatewayMetrics.queued.inc({ model });
      this.#startClock();
      const { waiting, refused } = own.queue.add(waiter, { lane, isUnderWay });
      if (refused) this.#refuseFull(own, refused);
      // Those before may wait for workers that this one does not need.
      if (refused !== waiting) this.#serve(own);
    });
  }

  #refuseLate(own: ModelQueue, waiter: Waiter): void {
    const seconds = Math.round(waiter.waitMsMax / 1_000);
    const message = `No worker of the model \`${own.name}\` came free within ${seconds} s. Try again later.`;
    gatewayMetrics.queueRefusals.inc({ model: own.name, reason: "late" });
    waiter.refuse(this.#refusal(own, waiter.lane, message));
  }

  #refuseFull(own: ModelQueue, { item, lane }: Waiting<Waiter>): void {
    const message = `${own.queue.size} requests wait for the model \`${own.name}\` already; there is no room for more of yours. Try again later.`;
    gatewayMetrics.queueRefusals.inc({ model: own.name, reason: "full" });
    item.refuse(this.#refusal(own, lane, message));
  }

  #serveWaiting(): void {
    if (this.#waitingCount === 0) return;
    for (const own of [...this.#queues.values()]) if (own.queue.size > 0) this.#serve(own);
  }

  /** Gives places to those who wait for a model, as long as there are any. */
  #serve(own: ModelQueue): void {
    const { name, queue } = own;
    const fullFor = new Set<string>();
    const gone = new Map<Waiter, () => void>();
    for (;;) {
      let taken: Reservation | undefined;
      const served = queue.next((waiter) => {
        if (fullFor.has(waiter.key) || gone.has(waiter)) return false;
        const outcome = this.#offer(waiter);
        if (outcome.kind === "taken") taken = outcome.reservation;
        else if (outcome.kind === "full") fullFor.add(waiter.key);
        else gone.set(waiter, outcome.tell);
        return outcome.kind === "taken";
      });
      if (!served || !taken) break;
      served.item.grant(this.#count(own, served.lane, taken));
      this.#queues.delete(name);
      this.#queues.set(name, own);
    }
    for (const tell of gone.values()) tell();
  }

  #offer(waiter: Waiter): Exclude<Place, { kind: "nobody" }> | { kind: "gone"; tell(): void } {
    try {
      // Suspects are left alone: in a moment they are back, or known to be gone.
      const place = this.#take(waiter, false);
      if (place.kind !== "nobody") return place;
      return { kind: "gone", tell: () => waiter.grant(undefined) };
    } catch (error) {
      return { kind: "gone", tell: () => waiter.refuse(error) };
    }
  }

  #startClock(): void {
    this.#clock ??= setInterval(() => void this.#lookAgain(), PICTURE_INTERVAL_MS).unref();
  }

  #stopClock(): void {
    clearInterval(this.#clock);
    this.#clock = undefined;
  }

  async #lookAgain(): Promise<void> {
    // There was a picture once, or nobody would wait; without a newer one the last will do.
    await this.#rooms.whenCurrent()?.catch(() => undefined);
    this.#serveWaiting();
  }

  /** 429 that says when those before in the lane will have had their turn, at the pace of late. */
  #refusal({ queue, pace }: ModelQueue, lane: string, message: string): AppError {
    const perSecond = pace.perSecond(performance.now());
    // The lane gets its share of the places, and no more wait before it than wait at all.
    const before = Math.min(queue.size, queue.waitingIn(lane) * Math.max(1, queue.laneCount)) + 1;
    const seconds = perSecond ? before / perSecond : OVERLOADED_RETRY_AFTER_SECONDS;
    const retryAfterSeconds = Math.ceil(
      Math.min(Math.max(seconds, 1), ADMISSION_RETRY_SECONDS_MAX),
    );
    return new AppError("overloaded", { message, retryAfterSeconds });
  }
}

function toKey({ wanted, passedOver }: Admitted): string {
  const { features, via, like, tokens, contextOver } = wanted;
  const likeness = like && [like.build, like.contextLength, [...like.failedInstances]];
  return JSON.stringify([features, via, likeness, tokens, contextOver, [...passedOver]]);
}

function allBusy(model: string): string {
  return `Every worker of the model \`${model}\` is busy. Try again in a moment.`;
}

/** The admission of this process to what `controller` knows. */
export function admissionOf(controller: Controller): Admission {
  const admissions = processSingleton("admissions", () => new WeakMap<Controller, Admission>());
  let admission = admissions.get(controller);
  if (!admission) {
    admission = new Admission(controller, { waitingMax: env().PARLEY_ADMISSION_WAITING_MAX });
    admissions.set(controller, admission);
  }
  return admission;
}
