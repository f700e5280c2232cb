import { catalog as processCatalog } from "@/lib/catalog/catalog";
import { changeFeed } from "@/lib/db/change-feed";
import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import type { AdminWorker, WorkerCommand } from "@/lib/protocol/arena-view";
import type {
  HeartbeatBody,
  HeartbeatReply,
  RegisterBody,
  RegisterReply,
} from "@/lib/protocol/registration";
import { hiddenModels, NONE_HIDDEN } from "@/lib/rules/hidden-models";
import { log } from "@/lib/telemetry/log";
import { isId } from "@/lib/util/id";
import { processSingleton } from "@/lib/util/process-singleton";
import { findAbleWorkers } from "./able-workers";
import { adoptNextLife } from "./add-worker";
import { type CallSecretOf, callSecretOf } from "./call-secret";
import type { BreakerView } from "./circuit-breaker";
import {
  breakerLimits,
  type ControllerConfig,
  controllerConfig,
  toControllerConfig,
} from "./controller-config";
import {
  BY_SHARED_SECRET,
  type CalledBy,
  type CatalogReader,
  type ControllerOptions,
  NOTHING,
  NOTHING_SAID,
} from "./controller-options";
import { type AwakeModel, type KnownCatalog, toAdminWorkers, toAwakeModels } from "./describe";
import { explainAbsence, forgotten, modelNotFound, type Wanted } from "./explain-absence";
import { type Fleet, toFleet } from "./fleet";
import { defaultPolicy, type PolicyOf, policyInCatalog } from "./model-policies";
import { type Ordered, orderWorker } from "./order-worker";
import { type Place, Places, type PlaceWish, type Reservation } from "./places";
import { type ProbeOutcome, probeByKind } from "./probe";
import { registerWorker } from "./register";
import { RegistryCopy } from "./registry-copy";
import { StatusChecker } from "./status-checker";
import { markLostWorkers, writeAnswered, writeHeartbeat, writeLeave } from "./store";
import { startSweeper } from "./sweep";
import { whenCurrent } from "./when-current";
import { isAwake, type KnownWorker, WorkerPicture } from "./worker-picture";

/** All that a web process needs to know and choose workers; a test hands in what it wants to hold still. */
export function createController(options: ControllerOptions): Controller {
  return new Controller(options);
}

/**
 * Which workers there are and who takes the next request. Postgres holds the registry, so that any web
 * process can serve any request and a restarted one serves at once; each process dispatches by a
 * picture of it at most a second old, and by the last one when Postgres is away.
 */
export class Controller {
  readonly #db: Database;
  readonly #now: () => number;
  readonly config: ControllerConfig;
  readonly #callSecretOf: CallSecretOf;
  readonly #picture: WorkerPicture;
  readonly #registry: RegistryCopy;
  readonly #checker: StatusChecker;
  readonly #places: Places;
  readonly #policyOf: PolicyOf;
  readonly #catalog: CatalogReader;

  constructor(options: ControllerOptions) {
    const { db, feed, now = () => performance.now(), random = Math.random } = options;
    this.#db = db;
    this.#now = now;
    this.config = toControllerConfig(options.config);
    this.#callSecretOf = options.callSecretOf ?? callSecretOf;
    this.#places = new Places({
      now,
      random,
      ...(options.breaker && { breaker: options.breaker }),
    });
    this.#policyOf = options.policyOf ?? defaultPolicy;
    this.#catalog = options.catalog ?? NOTHING_SAID;
    const config = this.config;
    const picture = new WorkerPicture({
      ...{ config, callSecretOf: this.#callSecretOf, hidden: options.hidden ?? NONE_HIDDEN },
    });
    this.#picture = picture;
    this.#checker = new StatusChecker({
      ...{ picture, config, now, random, probe: options.probe ?? probeByKind },
      onOutcome: (worker, outcome) => this.#takeOutcome(worker.id, outcome),
    });
    this.#places.breakers.onOpen((workerId) => void this.#checker.suspect(workerId));
    this.#registry = new RegistryCopy({
      ...{ db, feed, picture, config, now },
      onRead: (reported) => this.#takeReading(reported),
      // What died while this process was away must not be believed in for ten seconds.
      onFirst: () => this.#checker.checkAll(),
    });
  }

  /** @throws AppError `invalid-request`, `conflict`, `unavailable` */
  async register(
    body: RegisterBody,
    { tokenId }: CalledBy = BY_SHARED_SECRET,
    { beats = true }: { beats?: boolean } = {},
  ): Promise<RegisterReply> {
    const called = this.#replyTo({ instanceId: body.instanceId, tokenId });
    if (called.callSecret === "") {
      const message = "The server lets no worker in by a token before its PARLEY_SECRET is set.";
      throw new AppError("unavailable", { message });
    }
    const { workerId } = await registerWorker(this.#db, body, { tokenId, beats });
    this.#places.report(workerId);
    this.#places.trust(workerId);
    await this.#registry.readChanged();
    this.#picture.trust(workerId);
    const { address, card, load } = body;
    const said = { worker: card.name, address, state: load.state, models: card.models.length };
    log.info({ workerId, ...said }, "worker registered");
    return { workerId, ...called };
  }

  /** @throws AppError `not-found` when the worker must register again. */
  async heartbeat(
    workerId: string,
    { instanceId, load }: HeartbeatBody,
    { tokenId }: CalledBy = BY_SHARED_SECRET,
  ): Promise<HeartbeatReply> {
    if (!isId(workerId)) throw forgotten();
    const known = this.#picture.find(workerId);
    if (tokenId !== null && known !== undefined && known.tokenId !== tokenId) throw forgotten();
    const before = known?.state;
    const isKnownHere = this.#picture.beat(workerId, instanceId, load, this.#now());
    if (isKnownHere) this.#hear(workerId);
    if (isKnownHere && before !== load.state) this.#registry.changing();
    const reply = this.#replyTo({ instanceId, tokenId: known?.tokenId ?? tokenId });
    try {
      const row = await writeHeartbeat(this.#db, { workerId, instanceId, tokenId, load });
      if (row === undefined) throw forgotten();
      if (!isKnownHere || before !== load.state) await this.#registry.readChanged();
      return { ...reply, ...this.#replyTo({ instanceId, ...row }), ...toOrder(row) };
    } catch (error) {
      // With the database away a worker that was heard is as alive as before.
      if (!isKnownHere || error instanceof AppError) throw error;
      this.#picture.keepUnwritten(workerId);
      log.warn({ workerId, err: error }, "heartbeat not written");
      return { ...reply, ...toOrder({ order: known?.order ?? null }) };
    }
  }

  #replyTo(worker: { instanceId: string; tokenId: string | null }): Omit<HeartbeatReply, "order"> {
    const { heartbeatIntervalMs } = this.config;
    if (worker.tokenId === null) return { heartbeatIntervalMs };
    return { heartbeatIntervalMs, callSecret: this.#callSecretOf(worker) };
  }

  /** It has reported here. */
  #hear(workerId: string): void {
    this.#places.report(workerId, this.#now());
    this.#places.announceRoom();
    // It lives: whether it can be reached from here again is worth a question.
    if (this.#picture.find(workerId)?.unanswered) void this.#checker.suspect(workerId);
  }

  /** @throws AppError `not-found` */
  async leave(
    workerId: string,
    { instanceId, tokenId = null }: { instanceId: string } & Partial<CalledBy>,
  ): Promise<void> {
    if (!isId(workerId) || !isId(instanceId)) throw forgotten();
    const known = this.#picture.find(workerId);
    if (known?.instanceId === instanceId && (tokenId === null || known.tokenId === tokenId)) {
      this.#picture.leave(workerId);
      this.#registry.changing();
    }
    if (!(await writeLeave(this.#db, { workerId, instanceId, tokenId }))) throw forgotten();
    await this.#registry.readChanged();
    log.info({ workerId }, "worker left");
  }

  /**
   * What an operator wants of a worker.
   *
   * @throws AppError `not-found`
   */
  async order(workerId: string, command: WorkerCommand): Promise<Ordered> {
    const ordered = await orderWorker(this.#db, workerId, command, this.config);
    await this.#registry.readChanged();
    log.info({ workerId, command, outcome: ordered.outcome }, "worker ordered");
    return ordered;
  }

  /** Models with at least one worker that takes requests. */
  async listModels(): Promise<AwakeModel[]> {
    const [picture, catalog] = await Promise.all([this.#registry.current(), this.#catalog.get()]);
    return toAwakeModels(picture, this.#now(), catalog);
  }

  /** Those that may be shown and asked for by name: without the ones that only battles draw. */
  async listNamedModels(): Promise<AwakeModel[]> {
    // One after the other: the names are hidden by rules that are no older than they.
    const models = await this.listModels();
    const hidden = await this.#picture.hidden.get();
    return hidden.size === 0 ? models : models.filter(({ name }) => !hidden.has(name));
  }

  /** Whether a model may not be asked for by name; undefined where that has to be read. */
  isHidden(name: string): boolean | undefined {
    return this.#picture.hidden.peek()?.has(name);
  }

  /** As if these models did not exist; undefined where all of them may be asked for by name. */
  async findHidden(names: readonly string[]): Promise<ReadonlySet<string> | undefined> {
    const hidden = await this.#picture.hidden.get();
    return names.some((name) => hidden.has(name)) ? hidden : undefined;
  }

  /** What is said of a name that nobody has, or of one that nobody is told. */
  async unknownModel(name: string): Promise<AppError> {
    return modelNotFound(await this.#registry.current(), name, this.#now());
  }

  /**
   * One that may be asked for by name.
   *
   * @throws AppError `model-not-found`, or `no-worker` for one that is known and asleep.
   */
  async getModel(name: string): Promise<AwakeModel> {
    const model = (await this.listModels()).find((it) => it.name === name);
    const picture = await this.#registry.current();
    if (await this.findHidden([name])) throw await this.unknownModel(name);
    if (model !== undefined) return model;
    throw explainAbsence(picture, { model: name, features: [] }, this.#now());
  }

  /** Workers for people: all that are awake, and those lost lately. */
  async listWorkers(): Promise<AdminWorker[]> {
    const picture = await this.#registry.current();
    const { staleAfterMs } = this.config;
    return toAdminWorkers(picture, this.#places, { nowMs: this.#now(), staleAfterMs });
  }

  /** All workers together, by the picture as it is: `whenCurrent` keeps it fresh. */
  fleet(): Fleet {
    const at = { nowMs: this.#now(), catalog: this.#catalog.last ?? NOTHING };
    return toFleet(this.#picture, this.#places.load, at);
  }

  async readWorkerCounts(): Promise<{ ready: number; known: number }> {
    const picture = await this.#registry.current();
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
    const { able, modelId, nowMs } = this.#findAble(wanted);
    return this.#places.take(able, wish, {
      ...{ modelId, nowMs, policy: this.#policyOf(wanted.model) },
    });
  }

  /** Told whenever a place may have come free, or a worker come or gone; until the returned function is called. */
  onRoom(listener: () => void): () => void {
    return this.#places.onRoom(listener);
  }

  /** Whether a worker is awake that can do all that is wanted and holds more than `contextLength` tokens. */
  holdsMore(wanted: Wanted, contextLength: number): boolean {
    try {
      findAbleWorkers(this.#picture, { ...wanted, contextOver: contextLength }, this.#now());
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  }

  #findAble(wanted: Wanted): { able: KnownWorker[]; modelId: string; nowMs: number } {
    const nowMs = this.#now();
    const { able, modelId } = findAbleWorkers(this.#picture, wanted, nowMs);
    return { able, modelId, nowMs };
  }

  /** It did not answer: it is passed over for a while, and asked whether it lives. Who has a place there says so by that. */
  suspect(workerId: string): void {
    this.#places.breakers.failed({ workerId }, { code: "worker-lost", nowMs: this.#now() });
  }

  /** Whether requests are kept from a worker, as this process found it, and why. */
  breakerOf(workerId: string): BreakerView {
    return this.#places.breakerOf(workerId);
  }

  /** Requests running from this process. */
  inFlight(workerId?: string): number {
    return this.#places.load.inFlight(workerId);
  }

  /** Hears of changes, asks silent workers and writes lost ones down, until the returned function is called. */
  start(): () => void {
    const stopListening = this.#registry.listen();
    const stopSweeping = startSweeper(() => this.sweep(), this.config.sweepIntervalMs);
    return () => {
      stopListening();
      stopSweeping();
    };
  }

  /** One round of the sweeper. */
  async sweep(): Promise<void> {
    const picture = await this.#registry.current();
    await this.#checker.check();
    // Nothing can be written, and what is read next may say otherwise.
    if (this.#registry.isCutOff) return;
    const nowMs = this.#now();
    const silent = picture
      .workers()
      .filter((worker) => isAwake(worker) && picture.stateOf(worker, nowMs) === "lost");
    const lost = await markLostWorkers(this.#db, silent);
    for (const { id, name } of lost) log.warn({ workerId: id, worker: name }, "worker lost");
    if (lost.length > 0) await this.#registry.readChanged();
  }

  /** A worker was asked at its address. */
  async #takeOutcome(workerId: string, outcome: ProbeOutcome): Promise<void> {
    const picture = this.#picture;
    // Another than the one that was asked about, where the registry was read in between.
    const worker = picture.find(workerId);
    if (worker === undefined || worker.state === "left") return;
    if (outcome === "another-life" && !worker.beats) {
      const adopted = await adoptNextLife(this.#db, worker);
      if (adopted) return this.#registry.readChanged();
    }
    if (outcome === "another-life" || outcome === "refused" || outcome === "silent") {
      picture.unanswered(worker, outcome === "silent" ? "silent" : "refused");
      this.#places.probed(workerId, false);
      return;
    }
    const isBack = worker.state === "lost";
    const isHeard = picture.silentMs(worker, this.#now()) < this.config.heartbeatIntervalMs;
    picture.answered(worker, outcome, this.#now());
    this.#places.probed(workerId, true);
    if (isHeard && worker.beats && !isBack) return;
    if (isBack) log.info({ workerId, worker: worker.name }, "lost worker answers again");
    try {
      if (await writeAnswered(this.#db, worker, outcome)) await this.#registry.readChanged();
    } catch (error) {
      this.#picture.keepUnwritten(workerId);
      log.debug({ workerId, err: error }, "a worker's answer not written");
    }
  }

  #takeReading(reported: readonly string[]): void {
    for (const workerId of reported) {
      this.#places.report(workerId, this.#picture.find(workerId)?.heardMs);
      if (this.#picture.find(workerId)?.unanswered) void this.#checker.suspect(workerId);
    }
    this.#places.keep(new Set(this.#picture.workers().map(({ id }) => id)));
    this.#places.announceRoom();
  }

  /** Reads what is not fresh: see `when-current.ts`. Rejects with AppError `no-worker` when there has never been a picture. */
  whenCurrent(): Promise<void> | undefined {
    return whenCurrent(this.#registry, this.#picture.hidden, this.#catalog);
  }

  /** What operators said of models. */
  catalog(): Promise<KnownCatalog> {
    return this.#catalog.get();
  }

  /** Tokens that an operator lets be served of the model, the answer included; undefined: all that its worker holds. */
  contextLengthMaxOf(model: string): number | undefined {
    return this.#catalog.last?.settings.get(model)?.card?.contextLength;
  }
}

function toOrder({ order }: { order: HeartbeatReply["order"] | null }) {
  return order === null ? {} : { order };
}

/** The controller of this process. */
export function controller(): Controller {
  return processSingleton("controller", () =>
    createController({
      ...{
        db: database(),
        feed: changeFeed(),
        config: controllerConfig(),
        breaker: breakerLimits(),
      },
      policyOf: policyInCatalog,
      ...{ hidden: hiddenModels, catalog: processCatalog() },
    }),
  );
}
