import { SUSPECT_FOR_MS } from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import { LiveLoad } from "./live-load";
import { pickRoom, pickWorker, type RoomWish } from "./pick-worker";
import type { KnownWorker, Offer } from "./worker-picture";

/** A place at a worker, counted until it is released. */
export type Reservation = {
  workerId: string;
  modelId: string;
  address: string;
  kind: string;
  /** What the worker offers of the model: only workers of one build write the same text. */
  offer: Offer;
  /** The worker was heard to run the request: nothing of ours waits there for it. */
  started(): void;
  release(): void;
};

/** A place that was taken; or none is free now; or everybody who could was passed over. */
export type Place =
  | { kind: "taken"; reservation: Reservation }
  | { kind: "full" }
  | { kind: "nobody" };

export type PlaceWish = RoomWish & { passedOver: ReadonlySet<string> };

/** Who is at which worker from here, who is suspected, and who wants to hear when that changes. */
export class Places {
  readonly load = new LiveLoad();
  readonly #suspectUntilMs = new Map<string, number>();
  /** Suspected, and not heard since: one request at a time finds out, and not as many as it has slots. */
  readonly #doubted = new Set<string>();
  readonly #listeners = new Set<() => void>();

  /** Takes a place that is free as well as can be told here; nothing waits in between. */
  take(
    able: readonly KnownWorker[],
    { passedOver, ...wish }: PlaceWish,
    { modelId, nowMs }: { modelId: string; nowMs: number },
  ): Place {
    const candidates = this.#toCandidates(able, passedOver, nowMs);
    if (candidates.length === 0) return { kind: "nobody" };
    const picked = pickRoom(candidates, wish);
    if (picked === undefined) return { kind: "full" };
    const { worker, isAhead } = picked;
    return { kind: "taken", reservation: this.#reserve(worker.worker, modelId, isAhead) };
  }

  /** At the least loaded, for what takes no slot: it is counted nowhere, and others wait no longer for it. */
  visit(
    able: readonly KnownWorker[],
    passedOver: ReadonlySet<string>,
    { modelId, nowMs }: { modelId: string; nowMs: number },
  ): Reservation | undefined {
    const picked = pickWorker(this.#toCandidates(able, passedOver, nowMs));
    if (picked === undefined) return undefined;
    const { id } = picked.worker;
    const started = () => {
      if (this.#doubted.delete(id)) this.announceRoom();
    };
    return { ...describePlace(picked.worker, modelId), started, release: () => undefined };
  }

  /** Passes a worker over for a while: it did not answer. */
  suspect(workerId: string, nowMs: number): void {
    for (const [id, untilMs] of this.#suspectUntilMs) {
      if (untilMs < nowMs) this.#suspectUntilMs.delete(id);
    }
    this.#suspectUntilMs.set(workerId, nowMs + SUSPECT_FOR_MS);
    this.#doubted.add(workerId);
  }

  /** It has registered. */
  trust(workerId: string): void {
    this.#suspectUntilMs.delete(workerId);
    this.#doubted.delete(workerId);
  }

  /** It has told its load. */
  report(workerId: string): void {
    this.load.report(workerId);
    this.#doubted.delete(workerId);
  }

  /** Forgets whoever is not there any more. */
  keep(workerIds: ReadonlySet<string>): void {
    for (const id of this.#doubted) if (!workerIds.has(id)) this.#doubted.delete(id);
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

  #toCandidates(able: readonly KnownWorker[], passedOver: ReadonlySet<string>, nowMs: number) {
    return able
      .filter(({ id }) => !passedOver.has(id))
      .map((worker) => {
        const { id } = worker;
        return {
          ...{ worker, id },
          ...(this.#doubted.has(id) ? this.#roomForOne(id) : this.#roomAt(worker)),
          isSuspect: nowMs < (this.#suspectUntilMs.get(id) ?? Number.NEGATIVE_INFINITY),
        };
      });
  }

  #roomAt({ id, slots, waitingMax, load: { running, waiting } }: KnownWorker) {
    const load = this.load.estimate(id, running + waiting);
    return { slots, waitingMax, load, ahead: this.load.ahead(id) };
  }

  #roomForOne(id: string) {
    return { slots: 1, waitingMax: 0, load: this.load.inFlight(id), ahead: 0 };
  }

  #reserve(worker: KnownWorker, modelId: string, isAhead: boolean): Reservation {
    const { id } = worker;
    const counted = this.load.begin(id, { isAhead });
    return {
      ...describePlace(worker, modelId),
      started: () => {
        counted.started();
        const isNews = this.#doubted.delete(id) || isAhead;
        if (isNews) this.announceRoom();
      },
      release: () => {
        counted.release();
        this.announceRoom();
      },
    };
  }
}

function describePlace(worker: KnownWorker, modelId: string) {
  const offer = worker.offers.find((it) => it.modelId === modelId);
  assert(offer !== undefined, "only a worker that offers the model is picked for it");
  return { workerId: worker.id, modelId, address: worker.address, kind: worker.kind, offer };
}
