import { type Probe, type Probed, type ProbeOutcome, probeByKind } from "@/lib/controller/probe";
import { AppError } from "@/lib/errors";
import {
  LIFE_SIGN_MS_MAX,
  LIFE_SIGNS_MISSED_ALONE_MAX,
  LIFE_SIGNS_MISSED_MAX,
  STREAM_DOUBT_AFTER_MS,
} from "@/lib/fleet-limits";
import { log } from "@/lib/telemetry/log";
import { processSingleton } from "@/lib/util/process-singleton";
import { Roster } from "@/lib/util/roster";

/** How often streams are looked at. */
const LOOK_INTERVAL_MS = 500;

const DEAD: ReadonlySet<ProbeOutcome> = new Set<ProbeOutcome>(["refused", "another-life"]);

/** A stream of a worker's, of which somebody waits for the next event. */
export type WatchedStream = {
  worker: Probed;
  /** Since when the event is waited for; undefined while nobody waits. */
  waitingSinceMs: number | undefined;
  /** Whether another worker could do the rest. */
  hasElsewhere: () => Promise<boolean>;
  /** The worker is held for lost. */
  giveUp: (error: AppError) => void;
};

type Watched = { stream: WatchedStream; rosterAt: number };
type Doubt = { missed: number; isAsked: boolean; askedMs: number };

/**
 * Finds workers that froze in the middle of an answer: their sockets stay open, and their beats are missed
 * no sooner than after ten seconds. Who is silent for longer than a token takes is asked whether it
 * lives, one question a worker at a time, however many streams wait for it. One that works answers, also
 * in the middle of a long prompt. One that does not is given up as soon as another can do the rest, and
 * where none can only when it has been silent for as long as the registry would believe in it.
 */
export class LifeSigns {
  readonly #probe: Probe;
  readonly #now: () => number;
  readonly #streams = new Roster<Watched>();
  /** By the worker's life. */
  readonly #doubts = new Map<string, Doubt>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ probe = probeByKind, now = () => performance.now() } = {}) {
    this.#probe = probe;
    this.#now = now;
  }

  /** Streams that are watched. */
  get size(): number {
    return this.#streams.size;
  }

  /** Watches the stream until the returned function is called. */
  watch(stream: WatchedStream): () => void {
    const watched = { stream, rosterAt: -1 };
    this.#streams.add(watched);
    this.#start();
    return () => {
      this.#streams.delete(watched);
      if (this.#streams.size === 0 && this.#doubts.size > 0) this.#doubts.clear();
    };
  }

  /** By itself, since what a timer calls keeps all that was at hand where it was made. */
  #start(): void {
    this.#timer ??= setInterval(() => void this.#lookOrRest(), LOOK_INTERVAL_MS).unref();
  }

  /** Rests only once nothing was watched for a while: streams come and go, each a request. */
  async #lookOrRest(): Promise<void> {
    if (this.#streams.size > 0) return await this.look();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** One look at all streams; resolves when whoever had to be asked has answered or has not. */
  async look(): Promise<void> {
    const nowMs = this.#now();
    const silent = new Map<string, Probed>();
    for (const { stream } of this.#streams.members()) {
      const { worker, waitingSinceMs } = stream;
      if (waitingSinceMs === undefined || nowMs - waitingSinceMs < STREAM_DOUBT_AFTER_MS) continue;
      silent.set(worker.instanceId, worker);
    }
    for (const id of this.#doubts.keys()) if (!silent.has(id)) this.#doubts.delete(id);
    await Promise.all([...silent.values()].map((worker) => this.#ask(worker)));
  }

  async #ask(worker: Probed): Promise<void> {
    const nowMs = this.#now();
    const doubt = this.#doubts.get(worker.instanceId) ?? {
      ...{ missed: 0, isAsked: false, askedMs: Number.NEGATIVE_INFINITY },
    };
    // Who answered a moment ago is believed; who did not is asked again at once.
    const isRested = doubt.missed > 0 || nowMs - doubt.askedMs >= STREAM_DOUBT_AFTER_MS;
    if (doubt.isAsked || !isRested) return;
    this.#doubts.set(worker.instanceId, doubt);
    doubt.isAsked = true;
    doubt.askedMs = nowMs;
    try {
      const outcome = await this.#probe(worker, AbortSignal.timeout(LIFE_SIGN_MS_MAX));
      if (DEAD.has(outcome)) doubt.missed = LIFE_SIGNS_MISSED_ALONE_MAX;
      else doubt.missed = outcome === "silent" ? doubt.missed + 1 : 0;
    } catch (error) {
      // A bug of the probe is no word about the worker.
      log.error({ err: error, workerId: worker.id }, "a silent worker could not be asked");
    } finally {
      doubt.isAsked = false;
    }
    if (doubt.missed >= LIFE_SIGNS_MISSED_MAX) await this.#giveUp(worker, doubt);
  }

  /** Of its streams those that have been silent since before it was asked. */
  async #giveUp({ id: workerId, instanceId }: Probed, { missed, askedMs }: Doubt): Promise<void> {
    const isSilent = ({ worker, waitingSinceMs = Number.POSITIVE_INFINITY }: WatchedStream) =>
      worker.instanceId === instanceId && waitingSinceMs <= askedMs;
    const silent = this.#streams.members().filter(({ stream }) => isSilent(stream));
    const mayWait = missed < LIFE_SIGNS_MISSED_ALONE_MAX;
    await Promise.all(
      silent.map(async (watched) => {
        const { stream } = watched;
        if (mayWait && !(await stream.hasElsewhere())) return;
        if (!this.#streams.has(watched) || !isSilent(stream)) return;
        log.warn({ workerId, missed }, "a worker fell silent in the middle of an answer");
        stream.giveUp(
          new AppError("worker-lost", { message: "The worker does not answer any more." }),
        );
      }),
    );
  }
}

/** The one of this process. */
export function lifeSigns(): LifeSigns {
  return processSingleton("life-signs", () => new LifeSigns());
}
