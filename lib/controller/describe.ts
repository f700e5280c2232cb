import type { Catalog } from "@/lib/catalog/catalog";
import { priceOf } from "@/lib/catalog/price-of";
import type { AdminWorker } from "@/lib/protocol/arena-view";
import type { Price } from "@/lib/protocol/catalog";
import { mergeDescription, toContextLength } from "@/lib/protocol/operator-card";
import { visibilityOf } from "@/lib/protocol/visibility";
import { type ModelDescription, type ModelFeature, WORKER_KINDS } from "@/lib/protocol/worker-card";
import type { Places } from "./places";
import type { KnownModel, KnownWorker, WorkerPicture } from "./worker-picture";

/** What operators said, as the controller asks for it. */
export type KnownCatalog = Pick<Catalog, "settings" | "told">;

/** A model that can be asked now. */
export type AwakeModel = {
  modelId: string;
  name: string;
  /** Of the worker that registered last. */
  build: string;
  /** The longest that a worker holds, as a request goes to one that holds it, or less where an operator says so. */
  contextLength: number;
  /** All that a worker can do of it: a request goes to one that can do what it needs. */
  features: ModelFeature[];
  /** The operator's word first. */
  description: ModelDescription;
  /** Undefined where nothing is charged. */
  price: Price | undefined;
  /** Whether pages, and programs, may ask for it by its name. */
  isDirect: boolean;
  isApi: boolean;
  createdAt: Date;
  workers: number;
};

/** A model as operators and its workers describe it together. */
export function toDescribed(
  { modelId, name, description, createdAt }: KnownModel,
  catalog: KnownCatalog,
  isHidden: boolean,
) {
  const said = catalog.settings.get(name);
  const rule = { isAnonymousOnly: isHidden, isOut: false, weight: 1 };
  const { direct, api } = visibilityOf(said, rule);
  return {
    ...{ modelId, name, createdAt, isDirect: direct, isApi: api },
    description: mergeDescription(description, said?.card),
    price: priceOf(catalog, name),
  };
}

export function toAwakeModels(
  picture: WorkerPicture,
  nowMs: number,
  catalog: KnownCatalog,
): AwakeModel[] {
  const ready = picture.ready(nowMs);
  const hidden = picture.hidden.last;
  return picture.models().flatMap((model) => {
    const offers = ready.flatMap((worker) =>
      worker.offers.filter((offer) => offer.modelId === model.modelId),
    );
    const latest = offers.at(-1);
    if (latest === undefined) return [];
    const held = Math.max(...offers.map((offer) => offer.contextLength));
    const contextLength = toContextLength(held, catalog.settings.get(model.name)?.card);
    const features = [...new Set(offers.flatMap((offer) => offer.features))];
    const described = toDescribed(model, catalog, hidden.has(model.name));
    const { build } = latest;
    return [{ ...described, build, contextLength, features, workers: offers.length }];
  });
}

/** Workers as their keepers see them; those that left are nobody's concern. */
export function toAdminWorkers(
  picture: WorkerPicture,
  places: Places,
  { nowMs, staleAfterMs }: { nowMs: number; staleAfterMs: number },
): AdminWorker[] {
  const names = new Map(picture.models().map((model) => [model.modelId, model.name]));
  return picture.workers().flatMap((worker) => {
    const state = picture.statusOf(worker, nowMs);
    const kind = WORKER_KINDS.find((it) => it === worker.kind);
    // A kind of a newer version sharing this database is served all the same, and shown there.
    if (state === "left" || kind === undefined) return [];
    const { requests, failures, completionTokens } = worker.load.counters;
    return [
      {
        ...{ id: worker.id, name: worker.name, kind, version: worker.version },
        ...{ address: worker.address, state, slots: worker.slots, waitingMax: worker.waitingMax },
        ...{ host: worker.host, beats: worker.beats, order: worker.order },
        ...{ tokenName: worker.tokenName, starting: worker.starting },
        parleys: worker.parleys.length,
        reason: reasonOf(worker, state, {
          silentMs: picture.silentMs(worker, nowMs),
          staleAfterMs,
        }),
        ...occupancy(worker, state, places),
        breaker: places.breakerOf(worker.id).state,
        ...{ requests, failures, completionTokens },
        models: worker.offers.map(({ modelId, build, contextLength, isLoading = false }) => {
          return { name: names.get(modelId) ?? modelId, build, contextLength, isLoading };
        }),
        registeredAt: worker.registeredAt.toISOString(),
        lastHeartbeatAt: worker.lastHeartbeatAt.toISOString(),
      },
    ];
  });
}

/** Why it takes no requests, for people. */
function reasonOf(
  worker: KnownWorker,
  state: AdminWorker["state"],
  { silentMs, staleAfterMs }: { silentMs: number; staleAfterMs: number },
): string | null {
  const seconds = Math.round(silentMs / 1_000);
  if (state === "lost") return `silent for ${seconds} s, and does not answer`;
  if (worker.order === "leave") return "told to leave";
  if (worker.order === "drain") return "told to take no new requests";
  if (state === "starting") {
    return worker.starting.length > 0 ? `loads ${worker.starting.join(", ")}` : "loads its models";
  }
  if (state === "unreachable") return "does not answer at its address";
  if (state === "draining") return "is shutting down";
  return silentMs > staleAfterMs ? `not heard for ${seconds} s` : null;
}

/** Between two beats what this process began and ended since is counted in; a lost worker runs nothing. */
function occupancy(worker: KnownWorker, state: AdminWorker["state"], places: Places) {
  if (state === "lost") {
    return { running: 0, waiting: 0, outstandingTokens: null, tokensPerSecond: null };
  }
  const { load, outstandingTokens, tokensPerSecond } = places.load.estimate(worker.id, worker.load);
  return {
    running: Math.min(load, worker.slots),
    waiting: Math.max(0, load - worker.slots),
    outstandingTokens: worker.load.outstandingTokens === undefined ? null : outstandingTokens,
    tokensPerSecond: tokensPerSecond ?? null,
  };
}
