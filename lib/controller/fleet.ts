import type { WorkerLoad } from "@/lib/protocol/registration";
import type { Estimate, LiveLoad } from "./live-load";
import { isAwake, type KnownModel, type Offer, type WorkerPicture } from "./worker-picture";

/** A worker that takes requests, and how busy it is. */
export type FleetWorker = {
  slots: number;
  offers: readonly Offer[];
  counters: WorkerLoad["counters"];
} & Estimate;

/** All workers together, as a Parley sees them that has this one as a worker. */
export type Fleet = {
  /** In the order of their registration. */
  ready: FleetWorker[];
  models: KnownModel[];
  /** Names of models that are being loaded. */
  starting: string[];
  /** Installations whose models any worker passes on. */
  parleys: string[];
};

export function toFleet(picture: WorkerPicture, liveLoad: LiveLoad, nowMs: number): Fleet {
  const awake = picture
    .workers()
    .filter((worker) => isAwake({ state: picture.stateOf(worker, nowMs) }));
  // Who is asked for by battles alone is offered to nobody else either.
  const isNamed = (name: string) => !picture.hidden.last.has(name);
  const starting = awake.flatMap((worker) => worker.starting).filter(isNamed);
  const parleys = awake.flatMap((worker) => worker.parleys);
  return {
    ready: picture.ready(nowMs).map((worker) => ({
      ...{ slots: worker.slots, offers: worker.offers, counters: worker.load.counters },
      ...liveLoad.estimate(worker.id, worker.load),
    })),
    models: picture.models().filter(({ name }) => isNamed(name)),
    starting: [...new Set(starting)].toSorted(),
    parleys: [...new Set(parleys)].toSorted(),
  };
}
