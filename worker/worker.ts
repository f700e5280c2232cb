import type { Registry } from "prom-client";
import { isAppError } from "@/lib/errors";
import { HEARTBEAT_TIMEOUT_MS } from "@/lib/fleet-limits";
import { DRAIN_MS_MAX, SLOTS_DEFAULT, WAITING_MAX } from "@/lib/limits";
import { type Controller, Heartbeat, type WorkerOrder } from "@/lib/protocol/heartbeat";
import type { RegisterBody } from "@/lib/protocol/registration";
import type { WorkerCard, WorkerKind } from "@/lib/protocol/worker-card";
import type { Log } from "@/lib/telemetry/log";
import { StartError } from "@/lib/util/start-error";
import type { Backend } from "./backend";
import { WorkerServer } from "./server";

/** The life of a worker: listen and register → load → register what was loaded → serve → drain → leave. */

export type WorkerOptions = {
  name: string;
  version: string;
  /** The machine, as it calls itself. */
  machine?: string | undefined;
  kind: WorkerKind;
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** Base URL under which the web reaches this worker; absent: host and port. */
  announce?: string | undefined;
  /** With what the web calls; absent for a worker with a token of its own, which the web tells it. */
  secret?: string | undefined;
  token?: string | undefined;
  controller: Controller;
  createBackend: (signal: AbortSignal) => Promise<Backend>;
  /** Names of the models that it is about to load, and how many answers at once it wants to write. */
  starting?: readonly string[];
  slots?: number;
  registry: Registry;
  log: Log;
  onListening?: (address: string) => void;
  /** It has registered what it loaded. */
  onRegistered?: (workerId: string) => void;
  /** An operator wants it gone: it is not to be started again. */
  onToldToLeave?: () => void;
  /** Time, for tests. */
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  drainMsMax?: number;
  /** Requests that wait for a slot, and how long. */
  waiting?: { waitingMax: number; slotWaitMsMax: number };
};

/**
 * Lives until `signal` aborts or an operator tells it to leave, and resolves when the last answer is out
 * and the controller told.
 *
 * @throws StartError when it cannot begin until a person changes something.
 */
export async function runWorker(options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const { secret, token, registry, log, host } = options;
  const server = new WorkerServer({
    ...{ secret, token, registry, log },
    ...(options.waiting && { limits: options.waiting }),
  });
  const port = await listen(server, options);
  const address = options.announce ?? toAddress(host, port);
  log.info({ address }, "listening, loading the models");
  options.onListening?.(address);
  const end = new AbortController();
  const onAbort = () => end.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    await new Life(options, { server, address, end }).run();
  } finally {
    signal.removeEventListener("abort", onAbort);
    await server.close();
    log.info("stopped");
  }
}

type Place = { server: WorkerServer; address: string; end: AbortController };

class Life {
  readonly #options: WorkerOptions;
  readonly #server: WorkerServer;
  readonly #address: string;
  readonly #end: AbortController;
  readonly #heartbeat: Heartbeat;
  /** What it offers; undefined while it loads. */
  #card: WorkerCard | undefined;
  /** What it is about to offer, while it offers nothing. */
  #starting: readonly string[];

  constructor(options: WorkerOptions, { server, address, end }: Place) {
    this.#options = options;
    this.#starting = options.starting ?? [];
    this.#server = server;
    this.#address = address;
    this.#end = end;
    let registered: WorkerCard | undefined;
    this.#heartbeat = new Heartbeat({
      controller: options.controller,
      registration: () => {
        registered = this.#card;
        return this.#registration();
      },
      load: () => server.load(),
      log: options.log,
      onRegistered: (workerId) => {
        if (registered !== undefined) options.onRegistered?.(workerId);
      },
      onCallSecret: (secret) => server.accept(secret),
      onOrder: (order) => this.#obey(order),
      ...(options.wait ? { wait: options.wait } : {}),
    });
  }

  async run(): Promise<void> {
    const { createBackend } = this.#options;
    const beating = new AbortController();
    // Beats end by themselves only with an error, which ends the life.
    const beats = this.#heartbeat.run(beating.signal).then(() => undefined);
    const loading = createBackend(this.#end.signal);
    let backend: Backend | undefined;
    try {
      backend = await untilAborted(Promise.race([loading, beats]), this.#end.signal);
      if (backend) await this.#serve(backend, beats);
    } finally {
      beating.abort();
      // Its failure, if any, is what ended the wait above.
      await beats.catch(() => undefined);
      await leave(this.#heartbeat, this.#options.log);
      if (backend) await backend.close();
      // One that is still loading ends with the process, or as soon as it has loaded.
      else loading.then((late) => late.close()).catch(() => undefined);
    }
  }

  async #serve(backend: Backend, beats: Promise<undefined>): Promise<void> {
    const { name, version, machine: host, log, drainMsMax = DRAIN_MS_MAX } = this.#options;
    const card = this.#server.serve(backend, { name, version, ...(host && { host }) });
    this.#card = card;
    log.info({ models: card.models.map((model) => model.name), slots: card.slots }, "ready");
    backend.watchCard?.(() => this.#renew());
    this.#renew();
    await untilAborted(beats, this.#end.signal);
    log.info("draining");
    const drained = this.#server.drain(AbortSignal.timeout(drainMsMax));
    // The web hears at once that nothing new should come; beats go on while answers finish.
    this.#heartbeat.nudge();
    await drained;
  }

  /** Registers what the backend offers by now. */
  #renew(): void {
    this.#card = this.#server.renewCard();
    const names = this.#card.models.map((model) => model.name);
    if (names.length > 0) this.#starting = names;
    this.#heartbeat.registerAgain();
  }

  #registration(): Omit<RegisterBody, "load"> {
    const { name, version, machine, kind, slots = SLOTS_DEFAULT } = this.#options;
    const said = { instanceId: this.#server.instanceId, address: this.#address };
    if (this.#card && this.#card.models.length > 0) return { ...said, card: this.#card };
    const identity = { kind, name, version, ...(machine && { host: machine }) };
    const card = { ...identity, slots, waitingMax: WAITING_MAX, models: [] };
    return { ...said, card, starting: [...this.#starting] };
  }

  #obey(order: WorkerOrder | undefined): void {
    const { log, onToldToLeave } = this.#options;
    if (order === "leave") {
      log.info("told to leave by an operator");
      onToldToLeave?.();
      this.#end.abort();
    } else if (order === "drain") log.info("told to take no new requests; none will be sent");
    else log.info("told to go on; requests will be sent again");
  }
}

/** Good-bye is a courtesy: without it the controller misses two beats and comes to the same. */
async function leave(heartbeat: Heartbeat, log: Log): Promise<void> {
  try {
    await heartbeat.leave(AbortSignal.timeout(HEARTBEAT_TIMEOUT_MS));
  } catch (error) {
    if (!isAppError(error)) throw error;
    log.warn({ code: error.code, reason: error.message }, "left without good-bye");
  }
}

/** Resolves with what `work` gives, or with undefined as soon as the signal aborts. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

async function listen(server: WorkerServer, { host, port }: WorkerOptions): Promise<number> {
  try {
    return await server.listen(port, host);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "EADDRINUSE") {
      throw new StartError({
        message: `Port ${port} on ${host} is taken.`,
        remedy: "Choose another with --port, or 0 for any free one.",
        cause,
      });
    }
    if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      throw new StartError({
        message: `This process cannot listen on ${host}:${port} (${code}).`,
        remedy: "Choose an address of this machine with --host and a port above 1023 with --port.",
        cause,
      });
    }
    throw cause;
  }
}

function toAddress(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
