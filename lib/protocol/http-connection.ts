import { connect, type Socket } from "node:net";
import { HttpAnswer } from "./http-answer";
import type { HttpExchange } from "./http-exchange";
import { BadAnswer } from "./http-head";

export type Place = { host: string; port: number };

export type ConnectionOwner = {
  /** It can take another request. */
  free(connection: HttpConnection): void;
  /** It is closed, or will be. */
  gone(connection: HttpConnection): void;
  /** The other side closed it as the request came, having said nothing to it. */
  again(exchange: HttpExchange): void;
};

/**
 * What all connections read into: each read is told of before the next one begins, and whoever keeps bytes
 * copies them. A buffer for each connection would be most of what a held stream takes.
 */
const shared = Buffer.allocUnsafeSlow(65_536);
const TCP_KEEP_ALIVE_MS = 60_000;

/** One connection to a worker, with one request on it at a time. */
export class HttpConnection {
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  #exchange: HttpExchange | undefined;
  #answer: HttpAnswer | undefined;
  /** Requests that it has carried before this one. */
  #uses = 0;
  #hasHeard = false;
  #isPaused = false;
  #isGone = false;
  /** By performance.now(): when something came last, or since when it is idle. */
  #quietSinceMs = performance.now();
  #keepMs = Number.POSITIVE_INFINITY;

  constructor({ host, port }: Place, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#socket = connect({
      ...{ host, port, noDelay: true },
      ...{ keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS },
      onread: {
        buffer: shared,
        callback: (count) => {
          this.#read(count);
          return true;
        },
      },
    });
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("end", () => this.#onEnd());
    this.#socket.on("close", () => this.#fail(closed()));
  }

  /** Since when it is idle, or has said nothing; in milliseconds, until `nowMs`. */
  quietMs(nowMs: number): number {
    return nowMs - this.#quietSinceMs;
  }

  /** Whether an answer has begun that somebody waits for more of. */
  get isAwaited(): boolean {
    return this.#exchange !== undefined && this.#hasHeard && !this.#isPaused;
  }

  /** Whether it may not be used for another request, since the other side has closed it or soon will. */
  isStale(nowMs: number, idleMsMax: number): boolean {
    return this.#isGone || this.quietMs(nowMs) >= Math.min(idleMsMax, this.#keepMs);
  }

  /** Sends a request; the connection is free. */
  run(exchange: HttpExchange): void {
    this.#exchange = exchange;
    this.#answer = new HttpAnswer(exchange);
    this.#hasHeard = false;
    exchange.bind(this);
    if (this.#uses > 0) this.#socket.ref();
    exchange.writeTo(this.#socket);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#quietSinceMs = performance.now();
    this.#socket.resume();
  }

  /** Ends it at once; its request hears nothing more from here. */
  destroy(): void {
    this.#exchange = undefined;
    this.#answer?.stop();
    this.#leave();
  }

  /** Ends it, and its request with `error`. */
  fail(error: Error): void {
    this.#fail(error);
  }

  #read(count: number): void {
    this.#quietSinceMs = performance.now();
    const answer = this.#answer;
    // Of what nobody asked for nothing can be made, nor of what would come after it.
    if (answer === undefined) {
      this.#fail(new BadAnswer("An answer came without a request."));
      return;
    }
    this.#hasHeard = true;
    let at: number;
    try {
      at = answer.read(shared, count);
    } catch (error) {
      // HttpAnswer throws nothing else.
      this.#fail(error as Error);
      return;
    }
    if (answer.isOver && this.#answer === answer) this.#finish(at === count);
  }

  /** The other side says no more. */
  #onEnd(): void {
    if (this.#answer?.close() === true) this.#finish(false);
    else this.#fail(closed());
  }

  #finish(isClean: boolean): void {
    const exchange = this.#exchange;
    const keepMs = this.#answer?.keepMs;
    this.#exchange = undefined;
    this.#answer = undefined;
    // What comes behind the answer belongs to nobody.
    if (!isClean || keepMs === 0 || this.#isGone) this.#leave();
    else {
      if (this.#isPaused) this.resume();
      this.#keepMs = keepMs ?? Number.POSITIVE_INFINITY;
      this.#quietSinceMs = performance.now();
      this.#uses += 1;
      // An idle connection is no reason for the process to go on.
      this.#socket.unref();
      this.#owner.free(this);
    }
    exchange?.end();
  }

  #fail(error: Error): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#answer?.stop();
    this.#answer = undefined;
    this.#leave();
    if (exchange === undefined) return;
    // It was kept from before, and the other side had closed it or was about to.
    const isStale = this.#uses > 0 && !this.#hasHeard && !(error instanceof BadAnswer);
    if (isStale && exchange.mayRepeat) this.#owner.again(exchange);
    else exchange.fail(error);
  }

  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#socket.destroy();
    this.#owner.gone(this);
  }
}

function closed(): Error {
  const message = "The connection was closed before the answer's end.";
  return Object.assign(new Error(message), { code: "ECONNRESET" });
}
