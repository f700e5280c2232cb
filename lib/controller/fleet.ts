import type { Price } from "@/lib/protocol/catalog";
import type { OperatorCard } from "@/lib/protocol/operator-card";
import type { WorkerLoad } from "@/lib/protocol/registration";
import { type KnownCatalog, toDescribed } from "./describe";
import type { Estimate, LiveLoad } from "./live-load";
import {
  isAwake,
  type KnownModel,
  mayHide,
  type Offer,
  type WorkerPicture,
} from "./worker-picture";

/** A worker that takes requests, and how busy it is. */
export type FleetWorker = {
  slots: number;
  offers: readonly Offer[];
  counters: WorkerLoad["counters"];
} & Estimate;

/** A model as it is told to a Parley above, and what an operator says of it. */
export type FleetModel = Pick<KnownModel, "modelId" | "name" | "description"> & {
  price?: Price | undefined;
  card?: OperatorCard | undefined;
};

/** All workers together, as a Parley sees them that has this one as a worker. */
export type Fleet = {
  /** In the order of their registration. */
  ready: FleetWorker[];
  /** Those that programs may ask for: another Parley is one. */
  models: FleetModel[];
  /** Names of models that are being loaded. */
  starting: string[];
  /** Installations whose models any worker passes on. */
  parleys: string[];
};

export function toFleet(
  picture: WorkerPicture,
  liveLoad: LiveLoad,
  { nowMs, catalog }: { nowMs: number; catalog: KnownCatalog },
): Fleet {
  const awake = picture
    .workers()
    .filter((worker) => isAwake({ state: picture.stateOf(worker, nowMs) }));
  // Who is asked for by battles alone is offered to nobody else either.
  const isNamed = (name: string) => !picture.hidden.last.has(name);
  const cardOf = (name: string) => catalog.settings.get(name)?.card;
  const described = picture
    .models()
    .map((model) => toDescribed(model, catalog, !isNamed(model.name)));
  const unoffered = new Set(described.filter(({ isApi }) => !isApi).map(({ name }) => name));
  // What a name will be is not known before it is offered.
  const starting = awake
    .flatMap((worker) => (mayHide(worker) ? [] : worker.starting))
    .filter((name) => isNamed(name) && !unoffered.has(name));
  const parleys = awake.flatMap((worker) => worker.parleys);
  return {
    ready: picture.ready(nowMs).map((worker) => ({
      ...{ slots: worker.slots, offers: worker.offers, counters: worker.load.counters },
      ...liveLoad.estimate(worker.id, worker.load),
    })),
    models: described
      .filter(({ isApi }) => isApi)
      .map((model) => ({ ...model, card: cardOf(model.name) })),
    starting: [...new Set(starting)].toSorted(),
    parleys: [...new Set(parleys)].toSorted(),
  };
}
