import { setTimeout as delay } from "node:timers/promises";
import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import {
  HEARTBEAT_INTERVAL_MS,
  NO_WORKER_RETRY_AFTER_SECONDS,
  PICTURE_INTERVAL_MS,
  PICTURE_WAIT_MS_MAX,
  WORKER_STALE_AFTER_MS,
} from "@/lib/limits";
import type { AdminWorker } from "@/lib/protocol/arena-view";
import type {
  HeartbeatBody,
  HeartbeatReply,
  RegisterBody,
  RegisterReply,
} from "@/lib/protocol/registration";
import { log } from "@/lib/telemetry/log";
import { isId } from "@/lib/util/id";
import { processSingleton } from "@/lib/util/process-singleton";
import { type AwakeModel, toAdminWorkers, toAwakeModels } from "./describe";
import { explainAbsence, type Wanted } from "./explain-absence";
import { type Place, Places, type PlaceWish, type Reservation } from "./places";
import { findUnreachable, type Probe, probeWorker } from "./probe";
import { registerWorker } from "./register";
import {
  markLostWorkers,
  readModels,
  readOffers,
  readWorkers,
  writeHeartbeat,
  writeLeave,
} from "./store";
import { startSweeper } from "./sweep";
import { type KnownWorker, WorkerPicture } from "./worker-picture";

const AWAKE: ReadonlySet<string> = new Set(["ready", "draining"]);

export type ControllerOptions = {
  db: Database;
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number;
  /** Whether a worker that has long been silent when this process starts still lives. */
  probe?: Probe;
};

/**
 * Which workers there are and who takes the next request. Postgres holds the registry, so that any web
 * process can serve any request and a restarted one serves at once; each process dispatches by a
 * picture of it at most a second old, and by the last one when Postgres is away.
 */
export class Controller {
  readonly #db: Database;
  readonly #now: () => number;
  readonly #probe: Probe;
  readonly #picture: WorkerPicture;
  readonly #places = new Places();
  /** Counts registrations and departures here; rows read before one of them are not believed after it. */
  #changes = 0;
  #refreshing: Promise<void> | undefined;
  #triedMs = Number.NEGATIVE_INFINITY;
  #isLoaded = false;
  #isCutOff = false;
  #isProbed = false;

  constructor({ db, now = () => performance.now(), probe = probeWorker }: ControllerOptions) {
    this.#db = db;
    this.#now = now;
    this.#probe = probe;
    this.#picture = new WorkerPicture(now());
  }

  /** @throws AppError `invalid-request` */
  async register(body: RegisterBody): Promise<RegisterReply> {
    const workerId = await registerWorker(this.#db, body);
    this.#places.report(workerId);
    this.#places.trust(workerId);
    await this.#readChanged();
    log.info({ workerId, worker: body.card.name, address: body.address }, "worker registered");
    return { workerId, heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS };
  }

  /** @throws AppError `not-found` when the worker must register again. */
  async heartbeat(workerId: string, { instanceId, load }: HeartbeatBody): Promise<HeartbeatReply> {
    if (!isId(workerId)) throw forgotten();
    const before = this.#picture.find(workerId)?.state;
    const isKnownHere = this.#picture.beat(workerId, instanceId, load, this.#now());
    if (isKnownHere) {
      this.#places.report(workerId);
      this.#places.announceRoom();
    }
    if (before !== load.state) this.#changes += 1;
    try {
      const isKnown = await writeHeartbeat(this.#db, { workerId, instanceId, load });
      if (!isKnown) throw forgotten();
    } catch (error) {
      // With the database away a worker that was heard is as alive as before.
      if (!isKnownHere || error instanceof AppError) throw error;
      log.warn({ workerId, err: error }, "heartbeat not written");
      return { heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS };
    }
    if (!isKnownHere || before !== load.state) await this.#readChanged();
    return { heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS };
  }

  /** @throws AppError `not-found` */
  async leave(workerId: string): Promise<void> {
    if (!isId(workerId)) throw forgotten();
    this.#picture.leave(workerId);
    this.#changes += 1;
    if (!(await writeLeave(this.#db, workerId))) throw forgotten();
    await this.#readChanged();
    log.info({ workerId }, "worker left");
  }

  /** Models with at least one worker that takes requests. */
  async listModels(): Promise<AwakeModel[]> {
    return toAwakeModels(await this.#current(), this.#now());
  }

  /** @throws AppError `model-not-found`, or `no-worker` for one that is known and asleep. */
  async getModel(name: string): Promise<AwakeModel> {
    const picture = await this.#current();
    const model = toAwakeModels(picture, this.#now()).find((it) => it.name === name);
    if (model !== undefined) return model;
    throw explainAbsence(picture, { model: name, features: [] }, this.#now());
  }

  /** Workers for people: all that are awake, and those lost lately. */
  async listWorkers(): Promise<AdminWorker[]> {
    return toAdminWorkers(await this.#current(), this.#places.load, this.#now());
  }

  async readWorkerCounts(): Promise<{ ready: number; known: number }> {
    const picture = await this.#current();
    const states = picture.workers().map((worker) => picture.stateOf(worker, this.#now()));
    return {
      ready: states.filter((state) => state === "ready").length,
      known: states.filter((state) => state !== "left").length,
    };
  }

  /**
   * The worker with the shortest queue, for what takes no slot there; undefined when all who could are in
   * `passedOver`.
   *
   * @throws AppError `model-not-found`, `not-supported` or `no-worker`, with the reason.
   */
  async visit(wanted: Wanted, passedOver: ReadonlySet<string>): Promise<Reservation | undefined> {
    await this.whenCurrent();
    const { able, ...at } = this.#findAble(wanted);
    return this.#places.visit(able, passedOver, at);
  }

  /**
   * Takes a place where one is free, by the picture as it is: `whenCurrent` keeps it fresh. Nothing waits
   * in between: two requests at once must not see the same queue.
   *
   * @throws AppError like `visit`.
   */
  place(wanted: Wanted, wish: PlaceWish): Place {
    const { able, ...at } = this.#findAble(wanted);
    return this.#places.take(able, wish, at);
  }

  /** Told whenever a place may have come free, or a worker come or gone; until the returned function is called. */
  onRoom(listener: () => void): () => void {
    return this.#places.onRoom(listener);
  }

  #findAble(wanted: Wanted): { able: KnownWorker[]; modelId: string; nowMs: number } {
    const nowMs = this.#now();
    const modelId = this.#picture.model(wanted.model)?.modelId;
    const able = this.#picture
      .ready(nowMs)
      .filter(({ offers }) =>
        offers.some(
          ({ modelId: id, features }) =>
            id === modelId && wanted.features.every((it) => features.includes(it)),
        ),
      );
    if (modelId === undefined || able.length === 0) {
      throw explainAbsence(this.#picture, wanted, nowMs);
    }
    return { able, modelId, nowMs };
  }

  /** Passes a worker over for a while: it did not answer. */
  suspect(workerId: string): void {
    this.#places.suspect(workerId, this.#now());
  }

  /** Requests running from this process. */
  inFlight(workerId?: string): number {
    return this.#places.load.inFlight(workerId);
  }

  /** Writes lost workers down and keeps the picture fresh, until the returned function is called. */
  startSweeper(): () => void {
    return startSweeper(() => this.sweep());
  }

  /** One round of the sweeper. */
  async sweep(): Promise<void> {
    const picture = await this.#current();
    // Beats that could not have been heard are not missed.
    if (this.#isCutOff || this.#now() - picture.listeningSinceMs <= WORKER_STALE_AFTER_MS) return;
    const heard = picture
      .workers()
      .filter((worker) => AWAKE.has(picture.stateOf(worker, this.#now())));
    const isAnyLost = await this.#markLost({ heardIds: heard.map((worker) => worker.id) });
    if (isAnyLost) await this.#readChanged();
  }

  async #markLost(which: Parameters<typeof markLostWorkers>[1]): Promise<boolean> {
    const lost = await markLostWorkers(this.#db, which);
    for (const { id, name } of lost) log.warn({ workerId: id, worker: name }, "worker lost");
    return lost.length > 0;
  }

  /**
   * Resolves when the picture is at most a second old, where the database allows.
   *
   * @throws AppError `no-worker` when there has never been one.
   */
  async whenCurrent(): Promise<void> {
    await this.#current();
  }

  /** The picture, at most a second old where the database allows. */
  async #current(): Promise<WorkerPicture> {
    if (this.#now() - this.#triedMs >= PICTURE_INTERVAL_MS) {
      const refreshed = this.#refresh();
      if (this.#isLoaded) {
        await Promise.race([refreshed, delay(PICTURE_WAIT_MS_MAX, undefined, { ref: false })]);
      } else await refreshed;
    }
    if (!this.#isLoaded) {
      // Somebody else's first reading is under way, or the last attempt failed a moment ago.
      await this.#refreshing;
      if (!this.#isLoaded) throw registryAway();
    }
    return this.#picture;
  }

  /** Reads again after a change that was made here. */
  async #readChanged(): Promise<void> {
    this.#changes += 1;
    await this.#refresh();
  }

  #refresh(): Promise<void> {
    this.#triedMs = this.#now();
    this.#refreshing ??= this.#read();
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const changes = this.#changes;
        const [workers, models] = await Promise.all([readWorkers(this.#db), readModels(this.#db)]);
        if (!this.#isProbed) {
          // Silence before this process's time says nothing: who answers stays, as after a short
          // outage; who does not, as workers of yesterday, would be believed in for ten seconds.
          const ids = await findUnreachable(workers, this.#probe);
          const isAnyLost = ids.length > 0 && (await this.#markLost({ ids }));
          this.#isProbed = true;
          if (isAnyLost) continue;
        }
        const readMs = this.#now();
        const offers = await readOffers(
          this.#db,
          workers.map((worker) => worker.id),
        );
        // Registrations end, so this loop does: each turn is one that came in the middle of the last.
        if (changes !== this.#changes) continue;
        if (this.#isCutOff) this.#picture.listeningSinceMs = this.#now();
        this.#isCutOff = false;
        this.#isLoaded = true;
        const reported = this.#picture.replace({ workers, offers, models }, readMs);
        for (const workerId of reported) this.#places.report(workerId);
        this.#places.keep(new Set(workers.map((worker) => worker.id)));
        this.#places.announceRoom();
        break;
      }
    } catch (error) {
      if (!this.#isCutOff)
        log.warn({ err: error }, "registry not readable; serving by its last picture");
      this.#isCutOff = true;
    }
    // Not in a `finally` of the promise: whoever asks after this moment must get a reading of its own.
    this.#refreshing = undefined;
  }
}

function forgotten(): AppError {
  return new AppError("not-found", {
    message: "This controller does not know the worker as awake; register again.",
  });
}

function registryAway(): AppError {
  return new AppError("no-worker", {
    message: "The registry of workers cannot be read at the moment. Try again in a few seconds.",
    retryAfterSeconds: NO_WORKER_RETRY_AFTER_SECONDS,
  });
}

/** The controller of this process. */
export function controller(): Controller {
  return processSingleton("controller", () => new Controller({ db: database() }));
}
