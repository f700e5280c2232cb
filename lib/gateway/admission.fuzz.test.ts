/**
 * Goal: whatever comes, goes, dies or lies about its load, places are shared alike, none is lost, nobody
 * who waits is forgotten, and no worker idles while somebody waits for it. Method: the real admission and
 * the real counting of places over workers on paper, driven by seeded draws; invariants after each step.
 */
import { expect, test } from "vitest";
import { Places, type Reservation } from "@/lib/controller/places";
import type { KnownWorker } from "@/lib/controller/worker-picture";
import { AppError, isAppError } from "@/lib/errors";
import { BREAKER_OPEN_MS_MAX } from "@/lib/fleet-limits";
import { DISPATCH_POLICIES } from "@/lib/protocol/dispatch";
import { seededRandom } from "@/lib/util/random";
import { Admission, type Rooms } from "./admission";

const SEEDS = Array.from({ length: 60 }, (_, index) => index + 1);
const STEPS = 250;
const WAITING_MAX = 24;
const LANES = ["a", "b", "c", "d", "e"];
const COUNTERS = { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 };

/** A worker as it really is; what is known of it is `known`, which may be old. */
type PaperWorker = {
  known: KnownWorker;
  running: Set<Job>;
  fifo: Job[];
  /** Sent, and not there yet. */
  coming: Job[];
};
/** Of ours, with its place, or of another process. */
type Job = { reservation?: Reservation; lane?: string; abort: AbortController };
type Asked = Job & { state: "waiting" | "placed" | "refused"; code?: string | undefined };

class World implements Rooms {
  readonly random: () => number;
  readonly places: Places;
  readonly workers: PaperWorker[] = [];
  readonly asked: Asked[] = [];
  readonly admission: Admission;
  nowMs = 0;
  #workerCount = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.places = new Places({ now: () => this.nowMs, random: this.random });
    this.admission = new Admission(this, { waitingMax: WAITING_MAX });
    this.join();
  }

  pick = (count: number) => Math.floor(this.random() * count);
  of = <T>(items: readonly T[]): T | undefined => items[this.pick(items.length)];

  place: Rooms["place"] = ({ features }, wish) => {
    const able = this.workers
      .map((it) => it.known)
      .filter(({ offers }) => features.every((it) => offers[0]!.features.includes(it)));
    if (able.length === 0) throw new AppError("no-worker", { message: "Nobody is there." });
    const policy = this.of(DISPATCH_POLICIES)!;
    const session = `s${this.pick(20)}`;
    const ask = { tokens: this.pick(500), session: () => session, prefix: () => [1, this.pick(9)] };
    return this.places.take(able, { ...wish, ask }, { modelId: "m", nowMs: this.nowMs, policy });
  };
  onRoom: Rooms["onRoom"] = (listener) => this.places.onRoom(listener);
  whenCurrent: Rooms["whenCurrent"] = async () => undefined;

  join(): void {
    const id = `w${this.#workerCount++}`;
    const features = this.pick(2) ? (["chat", "tools"] as const) : (["chat"] as const);
    const known = {
      ...{ id, instanceId: id, kind: "mock", name: id, version: "", address: id },
      ...{ slots: 1 + this.pick(4), waitingMax: 1 + this.pick(4), state: "ready" as const },
      load: { state: "ready" as const, running: 0, waiting: 0, counters: COUNTERS },
      ...{ registeredAt: new Date(0), lastHeartbeatAt: new Date(0), heardMs: 0 },
      ...{ host: null, beats: true, order: null, starting: [], parleys: [], tokenId: null },
      ...{ tokenName: null, callSecret: "", beat: "", isUnwritten: false, unanswered: undefined },
      offers: [{ modelId: "m", build: "", contextLength: 1, features: [...features] }],
    };
    this.workers.push({ known, running: new Set(), fifo: [], coming: [] });
    this.places.announceRoom();
  }

  ask(): void {
    const features = this.pick(4) === 0 ? (["chat", "tools"] as const) : (["chat"] as const);
    const job: Asked = { abort: new AbortController(), state: "waiting", lane: this.of(LANES)! };
    this.asked.push(job);
    const preferredId = this.of(this.workers)?.known.id;
    void this.#enter(job, features, new Set(), preferredId);
  }

  async #enter(
    job: Asked,
    features: readonly ("chat" | "tools")[],
    passedOver: ReadonlySet<string>,
    preferredId: string | undefined,
  ): Promise<void> {
    const { abort, lane = "" } = job;
    const isUnderWay = this.pick(5) === 0;
    const wanted = { model: "m", features };
    const wish = { wanted, lane, passedOver, preferredId, isUnderWay, signal: abort.signal };
    try {
      const reservation = await this.admission.enter({ ...wish, waitMsMax: 60_000 });
      if (!reservation) {
        job.state = "refused";
        return;
      }
      job.state = "placed";
      job.reservation = reservation;
      const worker = this.workers.find(({ known }) => known.id === reservation.workerId);
      if (worker) worker.coming.push(job);
      else reservation.release();
    } catch (error) {
      job.state = "refused";
      job.code = isAppError(error) ? error.code : "aborted";
    }
  }

  /** The first on its way arrives. */
  arrive(worker: PaperWorker): void {
    const job = worker.coming.shift();
    if (!job) return;
    if (job.abort.signal.aborted) job.reservation?.release();
    else if (worker.running.size < worker.known.slots) this.run(worker, job);
    else if (worker.fifo.length < worker.known.waitingMax) worker.fifo.push(job);
    else {
      // 429; it goes on to another worker.
      job.reservation?.release();
      if (!job.reservation) return;
      const asked = job as Asked;
      asked.state = "waiting";
      void this.#enter(asked, ["chat"], new Set([worker.known.id]), undefined);
    }
  }

  run(worker: PaperWorker, job: Job): void {
    worker.running.add(job);
    job.reservation?.started();
    if (this.pick(3) > 0) this.tell(worker, job);
  }

  /** Its load, with an answer; `isOver`: without the one that ends. */
  tell(worker: PaperWorker, { reservation }: Job, isOver = false): void {
    const { running, fifo } = worker;
    const load = { running: running.size - (isOver ? 1 : 0), waiting: fifo.length };
    reservation?.told({ ...load, outstandingTokens: 100 * running.size }, { isOver });
  }

  end(worker: PaperWorker, job: Job): void {
    const draw = this.pick(6);
    if (worker.running.has(job) && draw > 1) {
      this.tell(worker, job, true);
      job.reservation?.finished();
    } else if (draw === 0)
      job.reservation?.failed(this.pick(2) ? "upstream-invalid" : "worker-lost");
    if (worker.running.delete(job)) {
      const next = worker.fifo.shift();
      if (next) this.run(worker, next);
    } else worker.fifo = worker.fifo.filter((it) => it !== job);
    job.reservation?.release();
  }

  /** Its process is gone: whatever was there fails; a new one joins or not. */
  die(worker: PaperWorker): void {
    this.workers.splice(this.workers.indexOf(worker), 1);
    for (const job of [...worker.running, ...worker.fifo, ...worker.coming]) {
      job.reservation?.release();
    }
    this.places.announceRoom();
    if (this.workers.length === 0 || this.pick(2)) this.join();
  }

  suspect(worker: PaperWorker): void {
    const failed = { code: "worker-lost" as const, nowMs: this.nowMs };
    this.places.breakers.failed({ workerId: worker.known.id }, failed);
  }

  /** It tells its load, which is what was so a moment ago. */
  beat(worker: PaperWorker): void {
    const { running, fifo } = worker;
    worker.known.load = { ...worker.known.load, running: running.size, waiting: fifo.length };
    this.places.report(worker.known.id);
    if (this.pick(2)) this.places.probed(worker.known.id, true);
    this.places.announceRoom();
  }

  jobs(): Job[] {
    return this.workers.flatMap((it) => [...it.running, ...it.fifo, ...it.coming]);
  }
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

function step(world: World): void {
  const worker = world.of(world.workers);
  const draw = world.pick(100);
  world.nowMs += world.pick(200);
  if (draw < 36) for (let burst = world.pick(6); burst >= 0; burst--) world.ask();
  else if (draw < 44) world.of(world.asked.filter((it) => it.state === "waiting"))?.abort.abort();
  else if (!worker) world.join();
  else if (draw < 60) for (const it of world.workers) world.arrive(it);
  else if (draw < 80) {
    const job = world.of([...worker.running, ...worker.fifo]);
    if (job) world.end(worker, job);
  } else if (draw < 86) world.beat(worker);
  // Another process's, of which nobody here is told.
  else if (draw < 94) worker.coming.push({ abort: new AbortController() });
  else if (draw < 97) world.suspect(worker);
  else if (draw < 99) world.join();
  else world.die(worker);
}

function assertSound(world: World): void {
  const open = world.jobs().filter((job) => job.reservation !== undefined);
  expect(world.places.load.inFlight()).toBe(open.length);
  const waiting = world.asked.filter((it) => it.state === "waiting").length;
  expect(world.admission.waiting("m")).toBe(waiting);
  expect(waiting).toBeLessThanOrEqual(WAITING_MAX);
}

/** While somebody waits, every worker that would do is full, or has something of ours on its way. */
async function assertBusy(world: World): Promise<void> {
  if (world.workers.some(({ known }) => world.places.breakerOf(known.id).state === "open")) {
    // What the clock of the admission does every second.
    world.nowMs += BREAKER_OPEN_MS_MAX;
    world.places.announceRoom();
    await tick();
  }
  if (world.admission.waiting("m") === 0) return;
  for (const { known, running, coming } of world.workers) {
    if (!known.offers[0]!.features.includes("tools")) continue;
    // Of one that failed no more is asked at first than to show a sign of life.
    const place = { workerId: known.id, modelId: "m" };
    const { isTrying: isTried } = world.places.breakers.admittance(place, world.nowMs);
    const isOnItsWay = coming.some((job) => job.reservation);
    const isBusy = running.size === known.slots || isOnItsWay || isTried;
    expect(isBusy, `${known.id} idles`).toBe(true);
  }
}

test.each(SEEDS)("places are shared and none is lost (seed %i)", async (seed) => {
  const world = new World(seed);
  for (let count = 0; count < STEPS; count++) {
    step(world);
    await tick();
    assertSound(world);
    await assertBusy(world);
  }
  // Everybody gets a turn or an answer once the work flows.
  for (
    let round = 0;
    round < 2_000 && world.jobs().length + world.admission.waiting("m") > 0;
    round++
  ) {
    world.nowMs += BREAKER_OPEN_MS_MAX;
    for (const worker of [...world.workers]) {
      world.arrive(worker);
      for (const job of [...worker.running]) world.end(worker, job);
    }
    if (world.workers.length === 0) world.join();
    world.places.announceRoom();
    await tick();
  }
  expect(world.asked.filter((it) => it.state === "waiting")).toEqual([]);
  expect(world.places.load.inFlight()).toBe(0);
});
