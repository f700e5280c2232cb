import { type WorkerLoad, workerLoadSchema } from "@/lib/protocol/registration";
import {
  MODEL_FEATURES,
  type ModelDescription,
  type ModelFeature,
  modelDescriptionSchema,
} from "@/lib/protocol/worker-card";
import { type HiddenModels, NONE_HIDDEN } from "@/lib/rules/hidden-models";
import { type CallSecretOf, callSecretOf } from "./call-secret";
import { type ControllerConfig, toControllerConfig } from "./controller-config";
import type { readModels, readOffers, readWorkers, WorkerOrder, WorkerState } from "./store";

/**
 * The workers and models as this process sees them: Postgres's rows, and what was heard here since.
 * Silence is measured on this process's clock, which only goes forward, from when a new beat was seen in
 * the row or heard here; and silence alone expires nobody: whoever is silent is asked at its address, and
 * is lost when it does not answer either. So it does not matter how long the database is silent, whose
 * clock is off, or at which of several web processes a worker beats.
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
  /** Null or absent: not told. */
  fields?: string[] | null | undefined;
  diskBytes?: number | null | undefined;
  /** Absent: it does not, or nobody knows. */
  isLoading?: boolean | undefined;
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
  /** By its row, or as it said here since; `stateOf` says what holds now. */
  state: WorkerState;
  load: WorkerLoad;
  registeredAt: Date;
  lastHeartbeatAt: Date;
  /** The machine it runs on, as it calls itself. */
  host: string | null;
  /** Whether it reports by itself; one that does not is asked. */
  beats: boolean;
  order: WorkerOrder | null;
  /** Models that it loads, while its state is `starting`. */
  starting: string[];
  /** Installations whose models it passes on. */
  parleys: string[];
  tokenId: string | null;
  tokenName: string | null;
  /** With what it is called. */
  callSecret: string;
  /** When it was last heard, on this process's clock. */
  heardMs: number;
  /** Which beat the row held last; equal only for the same one. */
  beat: string;
  /** It was heard here and could not be written down: the row is older than what is known. */
  isUnwritten: boolean;
  /** What the last attempts to reach it from here came to; undefined while it answers or was not asked. */
  unanswered: Unanswered | undefined;
  offers: Offer[];
};

export type Unanswered = {
  /** `refused`: nothing of it listens there any more. `silent`: nobody can tell. */
  why: "refused" | "silent";
  /** Attempts in a row. */
  attempts: number;
};

export type PictureRows = {
  workers: Awaited<ReturnType<typeof readWorkers>>;
  offers: Awaited<ReturnType<typeof readOffers>>;
  models: Awaited<ReturnType<typeof readModels>>;
};

/** A machine that is busy may miss one question; whoever misses two is passed over. */
const SILENT_ATTEMPTS = 2;

const IDLE: WorkerLoad = {
  state: "ready",
  running: 0,
  waiting: 0,
  counters: { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 },
};

export type PictureOptions = {
  config?: ControllerConfig;
  callSecretOf?: CallSecretOf;
  /** Models whose names nobody is told. */
  hidden?: HiddenModels;
};

export class WorkerPicture {
  readonly #config: ControllerConfig;
  readonly #callSecretOf: CallSecretOf;
  readonly hidden: HiddenModels;
  #workers = new Map<string, KnownWorker>();
  #models = new Map<string, KnownModel>();
  #readMs = Number.NEGATIVE_INFINITY;

  constructor({
    config = toControllerConfig(),
    callSecretOf: of = callSecretOf,
    hidden = NONE_HIDDEN,
  }: PictureOptions = {}) {
    this.#config = config;
    this.hidden = hidden;
    this.#callSecretOf = of;
  }

  /** Takes rows read at `nowMs`; tells which workers reported since the last time. */
  replace(rows: PictureRows, nowMs: number): string[] {
    const offers = groupByWorker(rows.offers);
    const reported: string[] = [];
    const workers = rows.workers.map((row): KnownWorker => {
      const before = this.#workers.get(row.id);
      const { worker, isNews } = this.#toKnownWorker(row, before, nowMs);
      if (isNews) reported.push(row.id);
      return { ...worker, offers: offers.get(row.id) ?? [] };
    });
    this.#workers = new Map(workers.map((worker) => [worker.id, worker]));
    this.#models = new Map(rows.models.map((row) => [row.name, toKnownModel(row)]));
    this.#readMs = nowMs;
    return reported;
  }

  #toKnownWorker(
    { silentMs, load, ...row }: PictureRows["workers"][number],
    before: KnownWorker | undefined,
    nowMs: number,
  ): { worker: Omit<KnownWorker, "offers">; isNews: boolean } {
    const isSameBeat = before?.beat === row.beat;
    // A beat that the last reading did not show came after it, whatever the database's clock says.
    const silentMsMax = before === undefined ? Number.POSITIVE_INFINITY : nowMs - this.#readMs;
    const beatMs = nowMs - Math.min(Math.max(0, silentMs), silentMsMax);
    // One heard here and read back is dated a little later by the database; the next is twice as far off.
    const sameBeatMs = this.#config.heartbeatIntervalMs / 2;
    const isNews = before === undefined || (!isSameBeat && beatMs > before.heardMs + sameBeatMs);
    const isOlder = before?.isUnwritten === true && isSameBeat && row.state !== "left";
    const worker = {
      ...row,
      state: isOlder ? before.state : row.state,
      // Written by another version, a column may say less than we ask; the worker is there all the same.
      load: isNews ? (workerLoadSchema.safeParse(load).data ?? IDLE) : before.load,
      heardMs: isSameBeat ? before.heardMs : Math.max(beatMs, before?.heardMs ?? beatMs),
      isUnwritten: isOlder,
      unanswered: before?.unanswered,
      callSecret: this.#callSecretOf(row),
    };
    return { worker, isNews };
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

  /** It answered at its address, which is as good as a beat. */
  answered(worker: KnownWorker, state: WorkerLoad["state"], nowMs: number): void {
    worker.unanswered = undefined;
    worker.heardMs = nowMs;
    // What beats says itself what state it is in; nobody has heard the others say it.
    if (!worker.beats || worker.state === "lost") worker.state = state;
  }

  unanswered(worker: KnownWorker, why: Unanswered["why"]): void {
    worker.unanswered = { why, attempts: (worker.unanswered?.attempts ?? 0) + 1 };
  }

  /** It has registered: what was held against it is over. */
  trust(workerId: string): void {
    const worker = this.#workers.get(workerId);
    if (worker !== undefined) worker.unanswered = undefined;
  }

  /** What was heard could not be written down. */
  keepUnwritten(workerId: string): void {
    const worker = this.#workers.get(workerId);
    if (worker !== undefined) worker.isUnwritten = true;
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

  silentMs(worker: KnownWorker, nowMs: number): number {
    return nowMs - worker.heardMs;
  }

  /** What its row says, unless it was ordered to rest, or has been silent for too long and does not answer. */
  stateOf(worker: KnownWorker, nowMs: number): WorkerState {
    if (!isAwake(worker)) return worker.state;
    const isSilent = this.silentMs(worker, nowMs) > this.#config.staleAfterMs;
    if (isSilent && worker.unanswered !== undefined) return "lost";
    return worker.order !== null && worker.state === "ready" ? "draining" : worker.state;
  }

  /** The same, but for one that others may hold for ready, and that this process cannot reach at the moment. */
  statusOf(worker: KnownWorker, nowMs: number): WorkerState | "unreachable" {
    const state = this.stateOf(worker, nowMs);
    return state === "ready" && isOutOfReach(worker) ? "unreachable" : state;
  }

  /** Workers that take new requests. */
  ready(nowMs: number): KnownWorker[] {
    return this.workers().filter((worker) => this.statusOf(worker, nowMs) === "ready");
  }
}

function isOutOfReach({ unanswered }: KnownWorker): boolean {
  if (unanswered === undefined) return false;
  return unanswered.why === "refused" || unanswered.attempts >= SILENT_ATTEMPTS;
}

/** Kinds that may offer a model to battles alone: while they load, nobody knows which of their names may be told. */
export function mayHide({ kind }: { kind: string }): boolean {
  return kind === "external" || kind === "custom" || kind === "huggingface";
}

/** Whether its row holds it for alive. */
export function isAwake({ state }: { state: WorkerState }): boolean {
  return state === "starting" || state === "ready" || state === "draining";
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
  fields,
  diskBytes,
  isLoading,
}: PictureRows["offers"][number]): Offer {
  return {
    ...{ modelId, build, contextLength, fields, diskBytes, isLoading },
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
