import { setTimeout as delay } from "node:timers/promises";
import type { ChangeFeed } from "@/lib/db/change-feed";
import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { NO_WORKER_RETRY_AFTER_SECONDS, REGISTRY_TURNS_MAX } from "@/lib/fleet-limits";
import { LIVE_COPY_READ_MS_MAX } from "@/lib/limits";
import { log } from "@/lib/telemetry/log";
import { within } from "@/lib/util/within";
import type { ControllerConfig } from "./controller-config";
import { readModels, readOffers, readWorkers } from "./store";
import type { PictureRows, WorkerPicture } from "./worker-picture";

export type RegistryCopyOptions = {
  db: Database;
  /** Says when another process has changed the registry; without one it is only looked at now and then. */
  feed?: ChangeFeed | undefined;
  picture: WorkerPicture;
  config: ControllerConfig;
  now: () => number;
  /** After each reading: who reported since the last one. */
  onRead: (reported: readonly string[]) => void;
  /** After the first reading and before it is believed. */
  onFirst: () => Promise<void>;
};

/**
 * Keeps the picture at most a second old, and newer where a change is announced, as long as the database
 * allows; and the last one when it does not.
 */
export class RegistryCopy {
  readonly #options: RegistryCopyOptions;
  /** Counts changes made here; rows read before one of them are not believed after it. */
  #changes = 0;
  /** Another process said that it changed something, since the last reading began. */
  #isOutdated = false;
  #refreshing: Promise<void> | undefined;
  #triedMs = Number.NEGATIVE_INFINITY;
  /** When the reading that is under way began. */
  #startedMs = Number.NEGATIVE_INFINITY;
  #isLoaded = false;
  #isCutOff = false;

  constructor(options: RegistryCopyOptions) {
    this.#options = options;
  }

  /** Reads at once whenever a change is announced, until the returned function is called. */
  listen(): () => void {
    return (
      this.#options.feed?.on("workers", () => {
        this.#isOutdated = true;
        void this.#refresh();
      }) ?? (() => undefined)
    );
  }

  /** Whether the last reading failed. */
  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  /** Whether `current` would wait for nothing. */
  get isCurrent(): boolean {
    const { now, config } = this.#options;
    return this.#isLoaded && now() - this.#triedMs < config.pictureIntervalMs;
  }

  /** Something is being changed here: what is being read at the moment is old. */
  changing(): void {
    this.#changes += 1;
  }

  /** Reads again after a change that was made here. */
  async readChanged(): Promise<void> {
    this.#changes += 1;
    await this.#refresh();
  }

  /**
   * The picture, at most a second old where the database allows.
   *
   * @throws AppError `no-worker` when there has never been one.
   */
  async current(): Promise<WorkerPicture> {
    const { now, config, picture } = this.#options;
    if (now() - this.#triedMs >= config.pictureIntervalMs) {
      const refreshed = this.#refresh();
      // A database that hangs holds up the first who ask, and nobody after them.
      const waitMs = config.pictureWaitMsMax - (now() - this.#startedMs);
      if (!this.#isLoaded) await refreshed;
      else if (waitMs > 0)
        await Promise.race([refreshed, delay(waitMs, undefined, { ref: false })]);
    }
    if (!this.#isLoaded) {
      // Somebody else's first reading is under way, or the last attempt failed a moment ago.
      await this.#refreshing;
      if (!this.#isLoaded) throw registryAway();
    }
    return picture;
  }

  #refresh(): Promise<void> {
    this.#triedMs = this.#options.now();
    if (this.#refreshing === undefined) {
      this.#startedMs = this.#triedMs;
      this.#refreshing = this.#read();
    }
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    try {
      for (let turn = 1; ; turn += 1) {
        const changes = this.#changes;
        this.#isOutdated = false;
        const rows = await within(
          this.#readRows(),
          LIVE_COPY_READ_MS_MAX,
          "The database is silent.",
        );
        // Each turn is for a change that came in the middle of the last. Where they do not end, the rows are
        // believed: one worker's state may be old until the next reading, and not everybody's.
        const isOld = changes !== this.#changes;
        if (isOld && turn < REGISTRY_TURNS_MAX) continue;
        await this.#take(rows);
        const isLast = !this.#isOutdated || turn >= REGISTRY_TURNS_MAX;
        // Whoever asks next has it read again.
        if (isOld || this.#isOutdated) this.#triedMs = Number.NEGATIVE_INFINITY;
        if (isLast) break;
      }
    } catch (error) {
      if (!this.#isCutOff) {
        log.warn({ err: error }, "registry not readable; serving by its last picture");
      }
      this.#isCutOff = true;
    }
    // Not in a `finally` of the promise: whoever asks after this moment must get a reading of its own.
    this.#refreshing = undefined;
  }

  async #readRows(): Promise<PictureRows & { readMs: number }> {
    const { db, config, now } = this.#options;
    const [workers, models] = await Promise.all([
      readWorkers(db, config.goneShownMs),
      readModels(db),
    ]);
    const readMs = now();
    const ids = workers.map((worker) => worker.id);
    return { workers, models, offers: await readOffers(db, ids), readMs };
  }

  async #take({ readMs, ...rows }: PictureRows & { readMs: number }): Promise<void> {
    const { picture, onRead, onFirst } = this.#options;
    const { hidden } = picture;
    // A model may come with the rule that hides it: until that is known here, too, nobody is told of the model.
    const isUnheard = rows.models.some((it) => it.isHidden && !hidden.last.has(it.name));
    if (isUnheard) await hidden.refresh?.();
    if (this.#isCutOff) log.info("registry readable again");
    this.#isCutOff = false;
    const reported = picture.replace(rows, readMs);
    if (!this.#isLoaded) await onFirst();
    this.#isLoaded = true;
    onRead(reported);
  }
}

function registryAway(): AppError {
  return new AppError("no-worker", {
    message: "The registry of workers cannot be read at the moment. Try again in a few seconds.",
    retryAfterSeconds: NO_WORKER_RETRY_AFTER_SECONDS,
  });
}
