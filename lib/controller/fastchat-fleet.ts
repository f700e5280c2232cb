import { createHash } from "node:crypto";
import { type Database, database } from "@/lib/db/client";
import { env } from "@/lib/env";
import { AppError, isAppError } from "@/lib/errors";
import { type AskedModel, askModels, askStatus } from "@/lib/fastchat/ask-worker";
import type { FastchatHeartbeat, FastchatRegistration } from "@/lib/fastchat/controller-wire";
import {
  FASTCHAT_INTRODUCTION_MS_MAX,
  FASTCHAT_INTRODUCTION_RETRY_FIRST_MS,
  FASTCHAT_INTRODUCTION_RETRY_LONGEST_MS,
  FASTCHAT_INTRODUCTIONS_MAX,
} from "@/lib/fleet-limits";
import { WAITING_MAX } from "@/lib/limits";
import type { RegisterBody, WorkerLoad } from "@/lib/protocol/registration";
import { log } from "@/lib/telemetry/log";
import { backoffMs } from "@/lib/util/backoff";
import { createId } from "@/lib/util/id";
import { processSingleton } from "@/lib/util/process-singleton";
import { wait } from "@/lib/util/wait";
import { type Controller, controller } from "./controller";
import { findLastLife } from "./fastchat-store";
import { parseAddress } from "./register";

const RETRY = {
  firstMs: FASTCHAT_INTRODUCTION_RETRY_FIRST_MS,
  longestMs: FASTCHAT_INTRODUCTION_RETRY_LONGEST_MS,
};

type Life = { id: string; instanceId: string; beats: boolean };
type Told = { names: readonly string[]; queueLength: number; models: readonly AskedModel[] };

export type FastchatFleetOptions = {
  controller: Controller;
  db: Database;
  /** Requests that a worker runs at once; none tells how many. */
  slots?: number;
  /** Models that read texts and write none; no worker tells which do. */
  readers?: readonly string[];
};

/**
 * FastChat's workers among ours. Each of their registrations is a life of its own: FastChat registers at
 * the start and when it is told that it is forgotten, and says in neither case who it is. A worker
 * registers before it listens, so it is `starting` until it can be asked what it serves.
 */
export class FastchatFleet {
  readonly #controller: Controller;
  readonly #db: Database;
  readonly #slots: number;
  readonly #readers: ReadonlySet<string>;
  /** Workers that are being asked what they serve, by their address. */
  readonly #introductions = new Map<string, AbortController>();

  constructor(options: FastchatFleetOptions) {
    const { PARLEY_FASTCHAT_SLOTS, PARLEY_FASTCHAT_READERS } = env();
    this.#controller = options.controller;
    this.#db = options.db;
    this.#slots = options.slots ?? PARLEY_FASTCHAT_SLOTS;
    this.#readers = new Set(options.readers ?? PARLEY_FASTCHAT_READERS);
  }

  /** @throws AppError `invalid-request`, `overloaded` */
  async register(body: FastchatRegistration): Promise<void> {
    const address = toAddress(body.worker_name);
    const instanceId = createId();
    const { model_names: names = [], queue_length: queueLength } = body.worker_status ?? {};
    const told = { names, queueLength: queueLength ?? 0, models: [] };
    const beats = body.check_heart_beat;
    const { workerId } = await this.#write(address, { instanceId, beats }, told);
    this.#introduce(address, { id: workerId, instanceId, beats });
  }

  /** @returns whether the worker is known; if not, it registers again. */
  async heartbeat(body: FastchatHeartbeat): Promise<boolean> {
    const address = toAddress(body.worker_name);
    const life = await findLastLife(this.#db, address);
    if (life === undefined) return false;
    const { id, instanceId, state, order } = life;
    // Told to register again it would be back at once; it stays out until somebody starts it anew.
    if (state === "left" && order === "leave") return true;
    if (state === "left" || state === "lost") return false;
    if (state === "starting" && !this.#introductions.has(address)) this.#introduce(address, life);
    const load = this.#toLoad(state === "starting" ? "starting" : "ready", body.queue_length);
    try {
      const reply = await this.#controller.heartbeat(id, { instanceId, load });
      // It knows no orders, and is left alone when its answers are out.
      if (reply.order === "leave") await this.#controller.leave(id, { instanceId });
      return true;
    } catch (error) {
      if (isAppError(error) && error.code === "not-found") return false;
      throw error;
    }
  }

  /** Names of all models that FastChat's workers serve now. */
  async listModels(): Promise<string[]> {
    const workers = await this.#readReady();
    return [...new Set(workers.flatMap(({ models }) => models.map(({ name }) => name)))].toSorted();
  }

  /** The address of the least loaded worker of a model; empty, as FastChat says it, where there is none. */
  async getWorkerAddress(model: string): Promise<string> {
    const able = (await this.#readReady()).filter(({ models }) =>
      models.some(({ name }) => name === model),
    );
    const [least] = able.toSorted(
      (one, other) => one.running + one.waiting - (other.running + other.waiting),
    );
    return least?.address ?? "";
  }

  /** Asks all workers anew what they serve. Unlike FastChat's, the registry stays as it is until they have answered. */
  async refresh(): Promise<void> {
    for (const { address } of await this.#readAwake()) {
      const life = await findLastLife(this.#db, address);
      if (life !== undefined) this.#introduce(address, life);
    }
  }

  /** Ends all questions under way. */
  close(): void {
    for (const introduction of this.#introductions.values()) introduction.abort();
  }

  async #readAwake() {
    const workers = await this.#controller.listWorkers();
    return workers.filter(({ kind, state }) => kind === "fastchat" && state !== "lost");
  }

  async #readReady() {
    return (await this.#readAwake()).filter(({ state }) => state === "ready");
  }

  /** Asks a worker what it serves until it answers, and writes it down; the request that led to it does not wait. */
  #introduce(address: string, life: Life): void {
    this.#introductions.get(address)?.abort();
    this.#introductions.delete(address);
    if (this.#introductions.size >= FASTCHAT_INTRODUCTIONS_MAX) return;
    const introduction = new AbortController();
    this.#introductions.set(address, introduction);
    const limit = AbortSignal.timeout(FASTCHAT_INTRODUCTION_MS_MAX);
    const signal = AbortSignal.any([introduction.signal, limit]);
    this.#askAndWrite(address, life, signal)
      .catch((error: unknown) => {
        if (introduction.signal.aborted) return;
        log.warn({ workerId: life.id, address, err: error }, "FastChat worker not asked");
      })
      .finally(() => {
        if (this.#introductions.get(address) === introduction) this.#introductions.delete(address);
      });
  }

  async #askAndWrite(address: string, life: Life, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const status = await askStatus(address, { signal });
        const names = status.model_names;
        const models = await askModels(address, names, { signal });
        signal.throwIfAborted();
        // It may have registered anew elsewhere.
        const last = await findLastLife(this.#db, address);
        if (last?.instanceId !== life.instanceId) return;
        await this.#write(address, life, { names, queueLength: status.queue_length ?? 0, models });
        return;
      } catch (error) {
        if (signal.aborted || !isAppError(error) || !error.retryable) throw error;
        log.debug(
          { workerId: life.id, address, err: error },
          "FastChat worker does not answer yet",
        );
      }
      await wait(backoffMs(attempt, RETRY), signal);
    }
  }

  #write(address: string, { instanceId, beats }: Omit<Life, "id">, told: Told) {
    const body = this.#toRegistration(address, instanceId, told);
    return this.#controller.register(body, { tokenId: null }, { beats });
  }

  #toRegistration(
    address: string,
    instanceId: string,
    { names, queueLength, models }: Told,
  ): RegisterBody {
    const { host } = new URL(address);
    const isStarting = models.length === 0;
    return {
      ...{ instanceId, address },
      card: {
        ...{ kind: "fastchat", name: `FastChat ${host}`, version: "", slots: this.#slots },
        // Its own queue has no limit; beyond ours nobody's request would still be wanted.
        waitingMax: WAITING_MAX,
        models: models.map((model) => ({
          ...model,
          features: this.#readers.has(model.name) ? ["embeddings"] : model.features,
          build: toBuild(address, model.name),
          description: { skills: [], examplePrompts: [] },
        })),
      },
      load: this.#toLoad(isStarting ? "starting" : "ready", queueLength),
      ...(isStarting && { starting: [...names] }),
    };
  }

  /** Its one number counts who runs and who waits. */
  #toLoad(state: WorkerLoad["state"], queueLength: number): WorkerLoad {
    const running = Math.min(queueLength, this.#slots);
    const counters = { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 };
    return { state, running, waiting: queueLength - running, counters };
  }
}

/** @throws AppError `invalid-request` for what nobody can be called at. */
function toAddress(workerName: string): string {
  const refuse = (message: string) =>
    new AppError("invalid-request", { message, param: "worker_name" });
  if (!URL.canParse(workerName)) {
    throw refuse("`worker_name` must be the worker's URL, such as http://10.0.0.5:21002.");
  }
  const { username, password } = new URL(workerName);
  if (username !== "" || password !== "") {
    throw refuse("`worker_name` may not hold a name and password; workers are called without.");
  }
  try {
    return parseAddress(workerName);
  } catch (error) {
    if (!isAppError(error)) throw error;
    throw new AppError(error.code, { message: error.message, param: "worker_name", cause: error });
  }
}

/** FastChat tells nothing of a model's files, so that no two of its workers pass for one build. */
function toBuild(address: string, model: string): string {
  return createHash("sha256").update(`fastchat\n${address}\n${model}`).digest("hex");
}

/** The fleet of this process. */
export function fastchatFleet(): FastchatFleet {
  return processSingleton(
    "fastchat-fleet",
    () => new FastchatFleet({ controller: controller(), db: database() }),
  );
}
