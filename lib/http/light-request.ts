import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { Stop } from "@/lib/util/stop";
import { lightHeaders } from "./light-headers";

/** Members of Request that are answered by a real one, made when one of them is first used. */
const FIELDS = [
  ...(["body", "bodyUsed", "cache", "credentials", "destination", "integrity"] as const),
  ...(["keepalive", "mode", "redirect", "referrer", "referrerPolicy"] as const),
];
const METHODS = ["arrayBuffer", "blob", "clone", "formData", "json", "text"] as const;
const BODYLESS = new Set(["GET", "HEAD"]);
/** A mark on the object itself: server and routes are two bundles, each with this module of its own. */
const INCOMING = Symbol.for("parley.incoming-request");
const LEFT = Symbol.for("parley.request-left");
const PEER = Symbol.for("parley.request-peer");

/**
 * A request as handlers take it, over what Node has parsed. A real `Request` is a sixth of the time that a
 * short answer takes on Node 20; routes ask for its headers, its signal and the bytes of its body, and
 * all of that is there without one.
 */
class LightRequest {
  readonly url: string;
  readonly method: string;
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  #headers: Headers | undefined;
  #left: Stop | undefined;
  #real: Request | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    this.url = `http://${incoming.headers.host}${incoming.url}`;
    this.method = incoming.method ?? "GET";
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  get headers(): Headers {
    // A copy: who adds to it adds nothing to what Node keeps.
    this.#headers ??= lightHeaders({ ...this.#incoming.headers });
    return this.#headers;
  }

  /** Aborts when the connection ends before the answer does. */
  get signal(): AbortSignal {
    return this[LEFT].real;
  }

  get [LEFT](): Stop {
    if (this.#left) return this.#left;
    const left = new Stop();
    this.#left = left;
    const outgoing = this.#outgoing;
    const hear = () => {
      if (!outgoing.writableFinished) left.abort(clientLeft());
    };
    // One that never had its turn on the connection is destroyed without being closed.
    if (outgoing.closed || outgoing.destroyed) hear();
    else outgoing.once("close", hear);
    return left;
  }

  /** The body's bytes as they come, unless the real request has them. */
  get [INCOMING](): IncomingMessage | undefined {
    return this.#real ? undefined : this.#incoming;
  }

  get [PEER](): string | undefined {
    return this.#incoming.socket.remoteAddress;
  }

  get real(): Request {
    if (this.#real) return this.#real;
    const { url, method, headers, signal } = this;
    const body = BODYLESS.has(method) ? {} : { body: Readable.toWeb(this.#incoming) };
    // Node's streams and the DOM's are declared apart and are the same; `duplex` is not declared at all.
    const init = { method, headers, signal, duplex: "half", ...body } as unknown as RequestInit;
    this.#real = new Request(url, init);
    return this.#real;
  }
}

for (const name of FIELDS) {
  Object.defineProperty(LightRequest.prototype, name, {
    get(this: LightRequest) {
      return this.real[name];
    },
  });
}
for (const name of METHODS) {
  Object.defineProperty(LightRequest.prototype, name, {
    value(this: LightRequest) {
      return this.real[name]();
    },
  });
}
Object.setPrototypeOf(LightRequest.prototype, Request.prototype);

/** `incoming` has a host that makes a URL. */
export function lightRequest(incoming: IncomingMessage, outgoing: ServerResponse): Request {
  // Every member of Request is one of the class, of FIELDS or of METHODS.
  return new LightRequest(incoming, outgoing) as unknown as Request;
}

/** What aborts when the client leaves, and may be aborted for other reasons. One of ours has its own. */
export function leftOf(request: Request): Stop {
  // The mark is ours alone, so that what lies there is the class's own.
  const { [LEFT]: own } = request as { [LEFT]?: Stop };
  if (own) return own;
  const { signal } = request;
  const left = new Stop();
  if (signal.aborted) left.abort(signal.reason);
  else signal.addEventListener("abort", () => left.abort(signal.reason), { once: true });
  return left;
}

/** The address at the other end of the connection; undefined for one that is gone, or that Next took. */
export function peerAddress(request: Request): string | undefined {
  // The mark is ours alone, so that what lies there is the class's own.
  return (request as { [PEER]?: string })[PEER];
}

/** What Node has parsed, whose body is still to be read; undefined for a request that was not made here. */
export function incomingOf(request: Request): IncomingMessage | undefined {
  // The mark is ours alone, so that what lies there is the class's own.
  return (request as { [INCOMING]?: IncomingMessage })[INCOMING];
}

/** Whether an answer goes to the client as it is made. Next makes one of its own of it, without `content-encoding`. */
export function isAnsweredHere(request: Request): boolean {
  return INCOMING in request;
}

function clientLeft(): DOMException {
  return new DOMException("The client closed the connection.", "AbortError");
}
