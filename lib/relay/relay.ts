import { createHash } from "node:crypto";
import { type ParentDoor, parentDoor } from "@/lib/auth/parent-door";
import { type Controller, controller } from "@/lib/controller/controller";
import type { Likeness } from "@/lib/controller/explain-absence";
import { installationId } from "@/lib/controller/installation";
import { type Database, database } from "@/lib/db/client";
import { env } from "@/lib/env";
import { AppError, isAppError } from "@/lib/errors";
import {
  HEARTBEAT_TIMEOUT_MS,
  RELAY_LOOK_INTERVAL_MS,
  RELAY_REFUSED_RETRY_MS,
  RELAYED_MODELS_MAX,
} from "@/lib/fleet-limits";
import { admissionOf } from "@/lib/gateway/admission";
import { OVERLOADED_RETRY_AFTER_SECONDS } from "@/lib/limits";
import { ControllerClient } from "@/lib/protocol/controller-client";
import { Heartbeat, type WorkerOrder } from "@/lib/protocol/heartbeat";
import type { LiveLoadReport, RegisterBody, WorkerLoad } from "@/lib/protocol/registration";
import type { WorkerCard } from "@/lib/protocol/worker-card";
import { workerClient } from "@/lib/protocol/worker-client";
import type { WorkerHealth } from "@/lib/protocol/worker-error";
import { log as processLog } from "@/lib/telemetry/log";
import { assert } from "@/lib/util/assert";
import { backoffMs } from "@/lib/util/backoff";
import { processSingleton } from "@/lib/util/process-singleton";
import { StartError } from "@/lib/util/start-error";
import { wait } from "@/lib/util/wait";
import { readVersion } from "./read-version";
import { type RelayIdentity, toRelayCard, toRelayCounters, toRelayLoad } from "./relay-card";
import { type RelaySettings, readRelaySettings } from "./relay-settings";

const log = processLog.child({ part: "relay" });

const NONE: ReadonlySet<string> = new Set();

export type RelayOptions = {
  settings: RelaySettings;
  db: Database;
  controller: Controller;
  door?: ParentDoor;
};

/**
 * This Parley as the worker of another one: it registers there with all models that are awake here, says
 * so again whenever they change, and beats. What it is then asked is served by `serve-relayed.ts`. Whether
 * the other one is there, refuses it or goes away is nothing to those who are served here.
 */
export class Relay {
  readonly controller: Controller;
  readonly #settings: RelaySettings;
  readonly #db: Database;
  readonly #door: ParentDoor;
  readonly #client: ControllerClient;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #identity: RelayIdentity | undefined;
  #instanceId: string | undefined;
  #heartbeat: Heartbeat | undefined;
  /** As it was told last, or is about to be. */
  #card: WorkerCard | undefined;
  /** What the keepers of the other Parley want of this one. */
  #order: WorkerOrder | undefined;
  /** Beats since this process began, for whom an order was meant. */
  #beats = 0;
  #isRegistering = false;
  #refusals = 0;
  #life = 0;
  /** This process takes nothing new. */
  #isStopping = false;
  /** And nobody else serves under its address, so that this Parley is going. */
  #isLastHere = false;
  #draining: Promise<void> | undefined;

  constructor({ settings, db, controller: own, door = parentDoor() }: RelayOptions) {
    this.#settings = settings;
    this.#db = db;
    this.controller = own;
    this.#door = door;
    const { parentUrl: url, secret } = settings;
    this.#client = new ControllerClient({ url, secret });
  }

  /** Opens the door and registers, again and again where need be, until `stop`. */
  start(): void {
    this.#door.open(this.#settings.secret);
    this.#running ??= this.#run(this.#stopping.signal).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) reportBug(error);
    });
  }

  /** Undefined until the database has been read. */
  get health(): WorkerHealth | undefined {
    const { state } = this;
    if (this.#instanceId === undefined) return undefined;
    return { state: state === "starting" ? "loading" : state, instanceId: this.#instanceId };
  }

  /** Of this Parley among others. */
  get installationId(): string {
    assert(this.#identity, "who is asked something knows who it is");
    return this.#identity.installationId;
  }

  get state(): WorkerLoad["state"] {
    if (this.#card === undefined || this.#card.models.length === 0) return "starting";
    return this.#isLastHere || this.#order !== undefined ? "draining" : "ready";
  }

  /** As it was told last. @throws AppError like `checkServing`. */
  get card(): WorkerCard {
    this.checkServing();
    assert(this.#card, "who serves has said what it serves");
    return this.#card;
  }

  /** @throws AppError `overloaded` where nothing is taken, which sends the request to another worker. */
  checkServing(): void {
    if (this.state === "ready" && !this.#isStopping) return;
    throw new AppError("overloaded", {
      message:
        this.#isStopping || this.state === "draining"
          ? "This Parley takes no more requests from another one. Try another worker."
          : "This Parley has no model that is awake. Try another worker.",
      retryAfterSeconds: OVERLOADED_RETRY_AFTER_SECONDS,
    });
  }

  /** Workers of the build that the parent was told of: those of another one write other texts. */
  likenessOf(name: string): Likeness | undefined {
    const build = this.#card?.models.find((it) => it.name === name)?.build;
    return build === undefined ? undefined : { build, contextLength: 0, failedInstances: NONE };
  }

  /** How busy all of this Parley's workers are. */
  load(): LiveLoadReport {
    return toRelayLoad(this.controller.fleet(), admissionOf(this.controller).waitingCount);
  }

  /**
   * This process takes nothing new and says so, unless another one serves under the same address: then it
   * is that one's to speak. Call it when the port is closed.
   */
  drain(): Promise<void> {
    this.#isStopping = true;
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  async #drain(): Promise<void> {
    // Until that is known, beats of this process speak for both.
    if (await this.#isServedByAnother()) return this.#end();
    this.#isLastHere = true;
    this.#heartbeat?.nudge();
  }

  /** Says good-bye, where it is this process's to say, and ends. */
  async stop(): Promise<void> {
    await this.drain();
    const isOver = this.#stopping.signal.aborted;
    await this.#end();
    if (!isOver) await this.#leave();
    await this.#client.close();
  }

  async #end(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #leave(): Promise<void> {
    try {
      await this.#heartbeat?.leave(AbortSignal.timeout(HEARTBEAT_TIMEOUT_MS));
    } catch (error) {
      if (!isAppError(error)) throw error;
      log.warn({ code: error.code, reason: error.message }, "left the parent without good-bye");
    }
  }

  /** Connections here are refused by now, so that whoever answers is another process of this installation. */
  async #isServedByAnother(): Promise<boolean> {
    const signal = AbortSignal.timeout(HEARTBEAT_TIMEOUT_MS);
    try {
      const { state, instanceId } = await workerClient().health(this.#settings.address, { signal });
      return state === "ready" && instanceId === this.#instanceId;
    } catch (error) {
      if (!isAppError(error)) throw error;
      return false;
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    await this.#introduce(signal);
    const look = () => void this.#look().catch(reportBug);
    const looking = setInterval(look, RELAY_LOOK_INTERVAL_MS).unref();
    try {
      for (;;) {
        await this.#beat(signal);
        await wait(backoffMs(this.#refusals, RELAY_REFUSED_RETRY_MS), signal);
        this.#refusals += 1;
      }
    } finally {
      clearInterval(looking);
    }
  }

  /** Who we are is in the database, which may be away as long as it likes. */
  async #introduce(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        const id = await installationId(this.#db);
        const { address } = this.#settings;
        const waitingMax = env().PARLEY_ADMISSION_WAITING_MAX;
        const name = new URL(address).host;
        const version = await readVersion();
        this.#identity = { installationId: id, name, version, waitingMax };
        this.#instanceId = toInstanceId(id, this.#settings, this.#life);
        await this.controller.whenCurrent();
        this.#card = toRelayCard(this.controller.fleet(), this.#identity, undefined);
        return;
      } catch (error) {
        const level = attempt === 0 ? "warn" : "debug";
        log[level]({ err: error }, "this Parley cannot say who it is yet, trying again");
      }
      await wait(backoffMs(attempt, RELAY_REFUSED_RETRY_MS), signal);
    }
  }

  /** Returns when the parent has refused this Parley, which a person must mend. */
  async #beat(signal: AbortSignal): Promise<void> {
    const heartbeat = new Heartbeat({
      controller: this.#client,
      registration: () => this.#registration(),
      load: () => this.#workerLoad(),
      log,
      onRegistered: () => {
        this.#refusals = 0;
      },
      onCallSecret: (secret) => this.#door.open(secret),
      onOrder: (order) => this.#obey(order),
    });
    this.#heartbeat = heartbeat;
    try {
      await heartbeat.run(signal);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      const level = this.#refusals === 0 ? "error" : "debug";
      log[level]({ reason: error.message }, "the parent refuses this Parley; asking again later");
    }
  }

  #registration(): Omit<RegisterBody, "load"> {
    const { address } = this.#settings;
    const [instanceId, card] = [this.#instanceId, this.#card];
    this.#isRegistering = true;
    assert(instanceId !== undefined && card !== undefined, "who registers knows who it is");
    const { starting } = this.controller.fleet();
    return { instanceId, address, card, ...(this.state === "starting" && { starting }) };
  }

  #workerLoad(): WorkerLoad {
    if (!this.#isRegistering) this.#beats += 1;
    this.#isRegistering = false;
    return {
      ...{ state: this.state, ...this.load() },
      counters: toRelayCounters(this.controller.fleet()),
    };
  }

  /** Once a second: whatever has come or gone here meanwhile is told at once. */
  async #look(): Promise<void> {
    const identity = this.#identity;
    if (identity === undefined || this.#isStopping) return;
    try {
      await this.controller.whenCurrent();
    } catch {
      // There never was a picture; there is nothing to tell.
      return;
    }
    const card = toRelayCard(this.controller.fleet(), identity, this.#card);
    if (JSON.stringify(card) === JSON.stringify(this.#card)) return;
    this.#card = card;
    if (card.models.length === RELAYED_MODELS_MAX) {
      log.warn(
        { models: card.models.length },
        "the parent gets as many models as a worker may have",
      );
    }
    this.#heartbeat?.registerAgain();
  }

  #obey(order: WorkerOrder | undefined): void {
    log.info({ order: order ?? "none" }, "the parent's keepers have ordered");
    if (order === "leave" && this.#beats <= 1) {
      this.#beginNextLife();
      return;
    }
    this.#order = order;
    // Answers under way go on; what is not registered is just asked nothing new.
    if (order === "leave") {
      void this.#end()
        .then(() => this.#leave())
        .catch(reportBug);
      return;
    }
    this.#heartbeat?.nudge();
  }

  /** Who was told to leave has left; whoever was started since is somebody else. */
  #beginNextLife(): void {
    this.#life += 1;
    this.#beats = 0;
    this.#instanceId = toInstanceId(this.installationId, this.#settings, this.#life);
    this.#heartbeat?.registerAgain();
  }
}

/** What nobody waits for must not end the process: it serves others, too. */
function reportBug(error: unknown): void {
  log.error({ err: error }, "this Parley fails as a worker of another one");
}

/**
 * The same for all processes that are reached under one address, of which the other Parley then sees one
 * worker, and for every start of them. Let in by another secret it is another one, as every worker is.
 */
function toInstanceId(
  installationId: string,
  { address, secret }: RelaySettings,
  life: number,
): string {
  const whole = [installationId, address, secret, life].join("\n");
  const digest = createHash("sha256").update(whole).digest();
  // RFC 9562 §5.8: version 8, of which 122 bits are ours.
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString("hex", 0, 16);
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, index) => hex.slice(cuts[index], end))
    .join("-");
}

/** The relay of this process; undefined for a Parley that stands alone. */
export function relay(): Relay | undefined {
  return processSingleton("relay", () => {
    const settings = readRelaySettings();
    return {
      relay: settings && new Relay({ settings, db: database(), controller: controller() }),
    };
  }).relay;
}
