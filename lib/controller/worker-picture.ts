import { HEARTBEAT_INTERVAL_MS, WORKER_STALE_AFTER_MS } from "@/lib/limits";
import { type WorkerLoad, workerLoadSchema } from "@/lib/protocol/registration";
import {
  MODEL_FEATURES,
  type ModelDescription,
  type ModelFeature,
  modelDescriptionSchema,
} from "@/lib/protocol/worker-card";
import type { readModels, readOffers, readWorkers, WorkerState } from "./store";

/**
 * The workers and models as this process sees them: Postgres's rows, and what was heard here since.
 * Silence is measured on this process's clock, from the later of the last beat and the moment since
 * which beats could have been heard at all.
 */

export type KnownModel = {
  modelId: string;
  name: string;
  description: ModelDescription;
  createdAt: Date;
};

export type Offer = {
  modelId: string;
  build: string;
  contextLength: number;
  features: ModelFeature[];
};

export type KnownWorker = {
  id: string;
  instanceId: string;
  kind: string;
  name: string;
  version: string;
  address: string;
  slots: number;
  waitingMax: number;
  state: WorkerState;
  load: WorkerLoad;
  registeredAt: Date;
  lastHeartbeatAt: Date;
  /** When it was last heard, on this process's clock. */
  heardMs: number;
  offers: Offer[];
};

export type PictureRows = {
  workers: Awaited<ReturnType<typeof readWorkers>>;
  offers: Awaited<ReturnType<typeof readOffers>>;
  models: Awaited<ReturnType<typeof readModels>>;
};

/** A beat written here and read back is dated a little later by the database; the next one is twice as far off. */
const SAME_BEAT_MS = HEARTBEAT_INTERVAL_MS / 2;

const IDLE: WorkerLoad = {
  state: "ready",
  running: 0,
  waiting: 0,
  counters: { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 },
};

export class WorkerPicture {
  /** Since when beats can be heard: this process's start, or the end of the database's last absence. */
  listeningSinceMs: number;
  #workers = new Map<string, KnownWorker>();
  #models = new Map<string, KnownModel>();

  constructor(nowMs: number) {
    this.listeningSinceMs = nowMs;
  }

  /** Takes rows read at `nowMs`; tells which workers reported since the last time. */
  replace(rows: PictureRows, nowMs: number): string[] {
    const offers = groupByWorker(rows.offers);
    const reported: string[] = [];
    const workers = rows.workers.map(({ silentMs, load, ...row }): KnownWorker => {
      const before = this.#workers.get(row.id);
      const beatMs = nowMs - Math.max(0, silentMs);
      const isNews = before === undefined || beatMs > before.heardMs + SAME_BEAT_MS;
      if (isNews) reported.push(row.id);
      return {
        ...row,
        // Written by another version, a column may say less than we ask; the worker is there all the same.
        load: isNews ? (workerLoadSchema.safeParse(load).data ?? IDLE) : before.load,
        heardMs: Math.max(beatMs, before?.heardMs ?? beatMs),
        offers: offers.get(row.id) ?? [],
      };
    });
    this.#workers = new Map(workers.map((worker) => [worker.id, worker]));
    this.#models = new Map(rows.models.map((row) => [row.name, toKnownModel(row)]));
    return reported;
  }

  /** Takes a beat that came here; false for a worker this process does not know as awake. */
  beat(workerId: string, instanceId: string, load: WorkerLoad, nowMs: number): boolean {
    const worker = this.#workers.get(workerId);
    if (worker === undefined || worker.instanceId !== instanceId || !isAwake(worker)) return false;
    worker.load = load;
    worker.state = load.state;
    worker.heardMs = nowMs;
    worker.lastHeartbeatAt = new Date();
    return true;
  }

  leave(workerId: string): void {
    const worker = this.#workers.get(workerId);
    if (worker !== undefined) worker.state = "left";
  }

  find(workerId: string): KnownWorker | undefined {
    return this.#workers.get(workerId);
  }

  model(name: string): KnownModel | undefined {
    return this.#models.get(name);
  }

  models(): KnownModel[] {
    return [...this.#models.values()];
  }

  workers(): KnownWorker[] {
    return [...this.#workers.values()];
  }

  /** What its row says, unless it has been silent for too long. */
  stateOf(worker: KnownWorker, nowMs: number): WorkerState {
    if (!isAwake(worker)) return worker.state;
    const heardMs = Math.max(worker.heardMs, this.listeningSinceMs);
    return nowMs - heardMs > WORKER_STALE_AFTER_MS ? "lost" : worker.state;
  }

  /** Workers that take new requests. */
  ready(nowMs: number): KnownWorker[] {
    return this.workers().filter((worker) => this.stateOf(worker, nowMs) === "ready");
  }
}

function isAwake(worker: KnownWorker): boolean {
  return worker.state === "ready" || worker.state === "draining";
}

function groupByWorker(rows: PictureRows["offers"]): Map<string, Offer[]> {
  const groups = new Map<string, Offer[]>();
  for (const row of rows) {
    const group = groups.get(row.workerId) ?? [];
    group.push(toOffer(row));
    groups.set(row.workerId, group);
  }
  return groups;
}

function toOffer({
  modelId,
  build,
  contextLength,
  features,
}: PictureRows["offers"][number]): Offer {
  return {
    modelId,
    build,
    contextLength,
    features: MODEL_FEATURES.filter((feature) => features.includes(feature)),
  };
}

function toKnownModel({ id, name, description, createdAt }: PictureRows["models"][number]) {
  return {
    modelId: id,
    name,
    description: modelDescriptionSchema.safeParse(description).data ?? {
      skills: [],
      examplePrompts: [],
    },
    createdAt,
  };
}
