import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What all stand-ins for other servers have in common: a port, faults on demand, a record of what they were
 * asked and of whether the client left.
 */

export const FAULT_KINDS = [
  ...(["refused-key", "rate-limited", "server-error", "unavailable"] as const),
  ...(["cut-stream", "garbage-line", "slow-first-token", "wrong-content-type", "silence"] as const),
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export type Fault = {
  kind: FaultKind;
  /** Of `rate-limited` and `unavailable`; absent: not told. */
  retryAfterSeconds?: number;
  /** Of `slow-first-token`. */
  delayMs?: number;
  /** Events of a stream before it is cut, or holds garbage. */
  afterEvents?: number;
};

/** One request as it came. */
export type Asked = {
  method: string;
  /** Without its query. */
  path: string;
  headers: IncomingMessage["headers"];
  /** Parsed JSON; undefined for none. */
  body: unknown;
  /** Resolves when the exchange is over: true where the client closed before it had all. */
  closedEarly: Promise<boolean>;
};

export type StandInExchange = {
  asked: Asked;
  response: ServerResponse;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
  /** Waits, unless the client leaves. */
  wait(ms: number): Promise<void>;
  sendJson(body: unknown, status?: number, headers?: Record<string, string>): void;
  /** Begins a stream, of server-sent events where no other form is given. */
  openEvents(form?: StreamForm): EventWriter;
};

/** How events are written. */
export type StreamForm = {
  contentType: string;
  /** @param event its name, where it has one. */
  toBytes(data: unknown, event: string | undefined): string | Uint8Array;
  /** What no reader of the form can read. */
  garbage: string | Uint8Array;
};

/** A text as it is, and any other value as JSON (WHATWG, server-sent events). */
const SERVER_SENT_EVENTS: StreamForm = {
  contentType: "text/event-stream",
  toBytes: (data, event) => {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    return `${event === undefined ? "" : `event: ${event}\n`}data: ${text}\n\n`;
  },
  garbage: 'data: {"choices": [{"del\n\n',
};

export type StandInOptions = {
  /** Absent: any free one. */
  port?: number | undefined;
  /** Answers what no fault has answered. */
  handle(exchange: StandInExchange): Promise<void> | void;
  /** Whether a request is work, which faults are of; absent: every POST. */
  isWork?(asked: Asked): boolean;
  /** The body of an error in the provider's own form. */
  toError(status: number, message: string): unknown;
  /** Pause before each event of a stream. */
  eventMs?: number | undefined;
};

export type StandIn = {
  /** Without a last slash. */
  url: string;
  asked: Asked[];
  /** From now on; undefined: none. */
  setFault(fault: Fault | undefined): void;
  close(): Promise<void>;
};

export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  const asked: Asked[] = [];
  let fault: Fault | undefined;
  const server = createServer((request, response) => {
    answer(request, response, { options, asked, fault }).catch((error: unknown) => {
      // A stand-in that fails says so to whoever asked, as a server would.
      if (!response.headersSent) response.writeHead(500).end(String(error));
      else response.destroy();
    });
  });
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    setFault: (next) => {
      fault = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // A TCP server that listens has an AddressInfo; only pipes have a string.
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

type Place = { options: StandInOptions; asked: Asked[]; fault: Fault | undefined };

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { options, asked, fault }: Place,
): Promise<void> {
  const abort = new AbortController();
  const closedEarly = new Promise<boolean>((resolve) => {
    response.on("close", () => {
      if (!response.writableFinished) abort.abort();
      resolve(!response.writableFinished);
    });
  });
  const told: Asked = {
    method: request.method ?? "GET",
    path: (request.url ?? "/").split("?")[0] ?? "/",
    headers: request.headers,
    body: await readJson(request),
    closedEarly,
  };
  asked.push(told);
  const { eventMs } = options;
  const exchange = toExchange({ asked: told, response, signal: abort.signal, fault, eventMs });
  const isWork = options.isWork?.(told) ?? told.method === "POST";
  if (fault && isWork && refuse(fault, exchange, options)) return;
  await options.handle(exchange);
}

/** @returns whether the fault has answered. */
function refuse(fault: Fault, exchange: StandInExchange, { toError }: StandInOptions): boolean {
  const wait: Record<string, string> =
    fault.retryAfterSeconds === undefined ? {} : { "retry-after": `${fault.retryAfterSeconds}` };
  switch (fault.kind) {
    case "refused-key":
      exchange.sendJson(toError(401, "Incorrect API key provided: sk-stand-in."), 401);
      return true;
    case "rate-limited":
      exchange.sendJson(toError(429, "Rate limit reached for requests."), 429, wait);
      return true;
    case "server-error":
      exchange.sendJson(toError(500, "The server had an error."), 500);
      return true;
    case "unavailable":
      exchange.sendJson(toError(503, "The engine is overloaded."), 503, wait);
      return true;
    case "wrong-content-type":
      exchange.response.writeHead(200, { "content-type": "text/html" });
      exchange.response.end("<html><body>It works.</body></html>");
      return true;
    case "silence":
      // Nothing at all; the client is the one who gives up.
      return true;
    default:
      return false;
  }
}

type Parts = {
  asked: Asked;
  response: ServerResponse;
  signal: AbortSignal;
  fault: Fault | undefined;
  eventMs: number | undefined;
};

function toExchange({ asked, response, signal, fault, eventMs }: Parts): StandInExchange {
  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end);
    });
  return {
    ...{ asked, response, signal, wait },
    sendJson: (body, status = 200, headers = {}) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(body));
    },
    openEvents: (form = SERVER_SENT_EVENTS) => {
      response.writeHead(200, { "content-type": form.contentType });
      response.flushHeaders();
      return new EventWriter(response, { wait, fault, form, eventMs });
    },
  };
}

type WriterParts = {
  wait: (ms: number) => Promise<void>;
  fault: Fault | undefined;
  form: StreamForm;
  eventMs: number | undefined;
};

/** A stream of events that meets its fault on the way. */
export class EventWriter {
  readonly #response: ServerResponse;
  readonly #wait: (ms: number) => Promise<void>;
  readonly #fault: Fault | undefined;
  readonly #form: StreamForm;
  readonly #eventMs: number;
  #count = 0;

  constructor(response: ServerResponse, { wait, fault, form, eventMs = 0 }: WriterParts) {
    this.#response = response;
    this.#wait = wait;
    this.#fault = fault;
    this.#form = form;
    this.#eventMs = eventMs;
  }

  /** @returns false once nobody reads. */
  async send(data: unknown, event?: string): Promise<boolean> {
    const { kind, delayMs = 100, afterEvents = 2 } = this.#fault ?? {};
    if (this.#eventMs > 0) await this.#wait(this.#eventMs);
    if (kind === "slow-first-token" && this.#count === 0) await this.#wait(delayMs);
    if (this.#count === afterEvents && kind === "cut-stream") this.#response.destroy();
    if (this.#count === afterEvents && kind === "garbage-line") {
      this.#response.write(this.#form.garbage);
    }
    this.#count += 1;
    if (this.#response.destroyed) return false;
    this.#response.write(this.#form.toBytes(data, event));
    // A turn of the event loop between events lets what is written leave, as tokens of a model do.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    return !this.#response.destroyed;
  }

  end(): void {
    this.#response.end();
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const pieces: Uint8Array[] = [];
  for await (const piece of request) pieces.push(piece);
  const text = Buffer.concat(pieces).toString("utf8");
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A body that is no JSON is told as the text that it is.
    return text;
  }
}
