import { errors } from "undici";
import type { AnswerHandler, PlainCall } from "./answer-handler";
import { type ConnectionOwner, HttpConnection, type Place } from "./http-connection";
import { HttpExchange } from "./http-exchange";

export type HttpPoolOptions = {
  /** At once to one origin; who comes after waits. */
  connectionsMax: number;
  /** How long a connection is kept that nobody uses. */
  idleMsMax: number;
  /** How long an answer that has begun may say nothing. */
  silenceMsMax: number;
};

const LOOK_INTERVAL_MS_MAX = 1_000;
const LOOK_INTERVAL_MS_MIN = 10;

/**
 * Posts to workers over plain HTTP/1.1, one request a connection at a time, kept for the next one. undici does
 * the same for the whole of HTTP and took an eighth of the time of a short request: a parser in WebAssembly
 * that calls back for each field, Node's stream of each socket, some twenty fields a request and a dozen
 * callbacks. What is not plain HTTP goes to it still.
 *
 * How long a request waits for a connection, or for the head of its answer, is up to whoever asked: each
 * connection is opened for a request, and ends with it.
 */
export class HttpPool {
  readonly #options: HttpPoolOptions;
  readonly #origins = new Map<string, Origin>();
  #clock: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: HttpPoolOptions) {
    this.#options = options;
  }

  /** Connections that are open, or being opened. */
  get size(): number {
    let count = 0;
    for (const origin of this.#origins.values()) count += origin.size;
    return count;
  }

  /** As undici's: what comes of it is told to `handler`, never thrown. */
  dispatch(call: PlainCall, handler: AnswerHandler): void {
    const origin = this.#originOf(call.origin);
    const exchange = new HttpExchange(call, origin.host, handler);
    exchange.begin();
    if (this.#isClosed) exchange.fail(ended());
    if (exchange.isOver) return;
    this.#clock ??= setInterval(() => this.#look(), this.#lookIntervalMs).unref();
    origin.take(exchange);
  }

  /** Ends every connection, and what runs on them. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#clock);
    this.#clock = undefined;
    for (const origin of this.#origins.values()) origin.close();
    this.#origins.clear();
  }

  get #lookIntervalMs(): number {
    const { silenceMsMax, idleMsMax } = this.#options;
    const wanted = Math.min(silenceMsMax, idleMsMax) / 4;
    return Math.min(LOOK_INTERVAL_MS_MAX, Math.max(LOOK_INTERVAL_MS_MIN, wanted));
  }

  #originOf(name: string): Origin {
    let origin = this.#origins.get(name);
    if (origin === undefined) {
      origin = new Origin(name, this.#options);
      this.#origins.set(name, origin);
    }
    return origin;
  }

  /** One clock for all connections: a timer for each answer would be set and cleared with every piece of it. */
  #look(): void {
    const nowMs = performance.now();
    for (const [name, origin] of this.#origins) {
      origin.look(nowMs);
      if (origin.size === 0) this.#origins.delete(name);
    }
    if (this.#origins.size > 0) return;
    clearInterval(this.#clock);
    this.#clock = undefined;
  }
}

/** The connections to one place, and who waits for one. */
class Origin implements ConnectionOwner {
  readonly host: string;
  readonly #place: Place;
  readonly #options: HttpPoolOptions;
  readonly #all = new Set<HttpConnection>();
  /** The one used last is used next, so that those that are too many fall idle. */
  readonly #idle: HttpConnection[] = [];
  readonly #waiting = new Set<HttpExchange>();

  constructor(name: string, options: HttpPoolOptions) {
    const { host, hostname, port } = new URL(name);
    this.host = host;
    // An address of IPv6 stands in brackets there.
    this.#place = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80) };
    this.#options = options;
  }

  get size(): number {
    return this.#all.size;
  }

  take(exchange: HttpExchange): void {
    const nowMs = performance.now();
    for (let kept = this.#idle.pop(); kept !== undefined; kept = this.#idle.pop()) {
      if (!kept.isStale(nowMs, this.#options.idleMsMax)) {
        kept.run(exchange);
        return;
      }
      kept.destroy();
    }
    this.#open(exchange);
  }

  /** On a connection of its own. */
  #open(exchange: HttpExchange): void {
    if (this.#all.size >= this.#options.connectionsMax) {
      this.#waiting.add(exchange);
      const nothing = () => undefined;
      exchange.bind({
        ...{ pause: nothing, resume: nothing },
        destroy: () => void this.#waiting.delete(exchange),
      });
      return;
    }
    const connection = new HttpConnection(this.#place, this);
    this.#all.add(connection);
    connection.run(exchange);
  }

  free(connection: HttpConnection): void {
    const next = this.#next();
    if (next === undefined) this.#idle.push(connection);
    else connection.run(next);
  }

  gone(connection: HttpConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    const next = this.#next();
    if (next !== undefined) this.#open(next);
  }

  again(exchange: HttpExchange): void {
    this.#open(exchange);
  }

  #next(): HttpExchange | undefined {
    if (this.#waiting.size === 0) return undefined;
    const [next] = this.#waiting;
    if (next !== undefined) this.#waiting.delete(next);
    return next;
  }

  look(nowMs: number): void {
    const { idleMsMax, silenceMsMax } = this.#options;
    for (const connection of [...this.#idle]) {
      if (connection.isStale(nowMs, idleMsMax)) connection.destroy();
    }
    for (const connection of [...this.#all]) {
      if (connection.isAwaited && connection.quietMs(nowMs) >= silenceMsMax) {
        connection.fail(new errors.BodyTimeoutError());
      }
    }
  }

  close(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const exchange of waiting) exchange.fail(ended());
    for (const connection of [...this.#all]) connection.fail(ended());
  }
}

function ended(): Error {
  return Object.assign(new Error("The client was closed."), { code: "ECANCELED" });
}
