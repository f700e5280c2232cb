import type { AdminWorker } from "@/lib/protocol/arena-view";
import { type ModelDescription, type ModelFeature, WORKER_KINDS } from "@/lib/protocol/worker-card";
import type { LiveLoad } from "./live-load";
import type { KnownWorker, WorkerPicture } from "./worker-picture";

/** A model that can be asked now. */
export type AwakeModel = {
  modelId: string;
  name: string;
  /** Of the worker that registered last, as are length and features. */
  build: string;
  contextLength: number;
  features: ModelFeature[];
  description: ModelDescription;
  createdAt: Date;
  workers: number;
};

export function toAwakeModels(picture: WorkerPicture, nowMs: number): AwakeModel[] {
  const ready = picture.ready(nowMs);
  return picture.models().flatMap((model) => {
    const offers = ready.flatMap((worker) =>
      worker.offers.filter((offer) => offer.modelId === model.modelId),
    );
    const latest = offers.at(-1);
    return latest === undefined ? [] : [{ ...latest, ...model, workers: offers.length }];
  });
}

/** Workers as their keepers see them; those that left are nobody's concern. */
export function toAdminWorkers(
  picture: WorkerPicture,
  liveLoad: LiveLoad,
  nowMs: number,
): AdminWorker[] {
  const names = new Map(picture.models().map((model) => [model.modelId, model.name]));
  return picture.workers().flatMap((worker) => {
    const state = picture.stateOf(worker, nowMs);
    const kind = WORKER_KINDS.find((it) => it === worker.kind);
    // A kind of a newer version sharing this database is served all the same, and shown there.
    if (state === "left" || kind === undefined) return [];
    const { requests, failures, completionTokens } = worker.load.counters;
    return [
      {
        ...{ id: worker.id, name: worker.name, kind, version: worker.version },
        ...{ address: worker.address, state, slots: worker.slots, waitingMax: worker.waitingMax },
        ...occupancy(worker, state, liveLoad),
        ...{ requests, failures, completionTokens },
        models: worker.offers.map(({ modelId, build, contextLength }) => {
          return { name: names.get(modelId) ?? modelId, build, contextLength };
        }),
        registeredAt: worker.registeredAt.toISOString(),
        lastHeartbeatAt: worker.lastHeartbeatAt.toISOString(),
      },
    ];
  });
}

/** Between two beats what this process began and ended since is counted in; a lost worker runs nothing. */
function occupancy(worker: KnownWorker, state: string, liveLoad: LiveLoad) {
  if (state === "lost") return { running: 0, waiting: 0 };
  const reported = worker.load.running + worker.load.waiting;
  const load = liveLoad.estimate(worker.id, reported);
  return { running: Math.min(load, worker.slots), waiting: Math.max(0, load - worker.slots) };
}
