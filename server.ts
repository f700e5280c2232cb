import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import next from "next";
import { arena } from "@/lib/arena/arena";
import { readiness } from "@/lib/controller/readiness";
import { env, explainOpenHost, readVariable } from "@/lib/env";
import { runningGenerations } from "@/lib/gateway/running-generations";
import { ContextStores } from "@/lib/http/context-stores";
import { applyCors } from "@/lib/http/cors";
import { development } from "@/lib/http/development";
import { createFront } from "@/lib/http/front";
import { holdRequests } from "@/lib/http/hold-requests";
import { createHttpServer } from "@/lib/http/http-server";
import { jobs } from "@/lib/jobs/jobs";
import { LISTEN_BACKLOG, STOP_HOOKS_MS_MAX, WEB_DRAIN_MS_MAX } from "@/lib/limits";
import { relay } from "@/lib/relay/relay";
import { responses } from "@/lib/responses/responses";
import { log } from "@/lib/telemetry/log";
import { startTracing } from "@/lib/telemetry/start-tracing";
import { usageFlusher } from "@/lib/usage/flusher";
import { takeOutboundProxy } from "@/lib/util/outbound-proxy";
import { settleWithin } from "@/lib/util/settle-within";
import { EXIT_CODES, StartError } from "@/lib/util/start-error";
import { startGate } from "@/lib/util/start-gate";
import type * as Hot from "./server-routes";

/**
 * The web process: one HTTP server. What programs call goes straight to its handlers, everything else to
 * Next. With `--dev` all of it goes through Next, which then reloads what changes.
 */
const isDev = process.argv.includes("--dev");
/** In development nobody waits for an answer, and the page's own socket for reloads never ends. */
const drainMsMax = () => {
  if (isDev) return 500;
  const { PARLEY_DRAIN_SECONDS: seconds } = env();
  return seconds === undefined ? WEB_DRAIN_MS_MAX : seconds * 1_000;
};

const IDLE_CLOSE_INTERVAL_MS = 100;
/**
 * Garbage is looked for once the old part of the heap has grown by this much, in percent. Unless told, V8 lets
 * it grow to a multiple: what a stream waits with outlives the young part and is soon garbage, so that a
 * thousand slow streams left over 100 MiB of it. This takes a few percent more of the process's time, and keeps
 * what 2,000 streams take at most well below 350 MiB, which 40 and 30 percent passed in some runs (record 33).
 */
const HEAP_GROWTH_PERCENT = 20;
/**
 * V8 makes objects in the old part of the heap from the start where most of those made before them lived long, as
 * a stream's do. Those of a short request come from the same lines: they are garbage there at once, and
 * keep all that they point to until the next whole collection. Without it a short request leaves a third, each
 * collection of the young part takes half as long, and whole ones are a third as many (record 33).
 */
const YOUNG_FIRST = "--no-allocation-site-pretenuring";
/** Sends what is left of traces. */
let stopTracing = async () => {};

async function main(): Promise<void> {
  // Here and not on a command line: whoever starts this file gets it, and a Node without it starts all the same.
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
  setFlagsFromString(YOUNG_FIRST);
  const { HOST, PORT } = env();
  takeOutboundProxy(readVariable);
  const unsafe = explainOpenHost(env());
  if (unsafe) throw unsafe;
  stopTracing = await startTracing("parley-web");
  const server = createHttpServer();
  const hot = isDev ? undefined : await readHotRoutes();
  const front = hot === undefined ? () => false : createFront(hot.HOT_ROUTES);
  const port = await listen(server, PORT, HOST);
  // From here to the listener below nothing may be awaited: a request in between would never be answered.
  stopWithParent(server);

  development().isOn = isDev;
  // Before Next does, which waits for the same and tells when it fails: what is shared is made by who is first,
  // and of the routes' own copy of the code a request takes a tenth less time (record 33).
  hot?.boot().catch(() => undefined);
  const stores = new ContextStores();
  if (!isDev) stores.watch();
  const app = next({ dev: isDev, dir: process.cwd(), hostname: HOST, port, httpServer: server });
  const pages = app.getRequestHandler();
  const prepared = app.prepare();
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (front(incoming, outgoing)) return;
    if (isDev) passOnAddress(incoming);
    const work = prepared
      .then(() => pages(incoming, outgoing))
      .catch((error: unknown) => {
        log.error({ err: error, path: incoming.url?.split("?")[0] }, "page failed");
        outgoing.destroy();
      });
    if (!isDev) stores.hold(outgoing, work);
  };
  // In development all goes through Next, which has booted when it is prepared.
  const held = isDev ? answer : holdRequests(startGate(), answer);
  server.on("request", (incoming, outgoing) => {
    if (!applyCors(incoming, outgoing)) held(incoming, outgoing);
  });
  process.send?.({ type: "listening", port });
  log.info({ host: HOST, port }, "web listening");
  await prepared;
}

/** A bundle of its own (scripts/bundle.mjs), so that in development this one changes, and restarts, seldom. */
async function readHotRoutes(): Promise<typeof Hot> {
  const url = new URL("./server-routes.mjs", import.meta.url).href;
  // The bundle of the very file whose type this is.
  return (await import(url)) as typeof Hot;
}

/** Next hands handlers no connection: the address at its other end is added as a proxy adds it, behind what came. */
function passOnAddress({ headers, socket }: IncomingMessage): void {
  const before = headers["x-forwarded-for"];
  const hops = [before ?? [], socket.remoteAddress ?? "unknown"].flat();
  headers["x-forwarded-for"] = hops.join(", ");
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((settle, fail) => {
    server.once("error", (error: NodeJS.ErrnoException) => fail(explainListen(error, port, host)));
    // Listening on a TCP port, the address is never a string nor null.
    server.listen(port, host, LISTEN_BACKLOG, () => settle((server.address() as AddressInfo).port));
  });
}

function explainListen(error: NodeJS.ErrnoException, port: number, host: string): Error {
  const other = "set PORT to another one, such as `PORT=3001 npm start`.";
  if (error.code === "EADDRINUSE") {
    return new StartError({
      message: `Port ${port} on ${host} is taken by another program.`,
      remedy: `Stop that program, or ${other}`,
      cause: error,
    });
  }
  if (error.code === "EACCES") {
    return new StartError({
      message: `This user may not listen on port ${port}.`,
      remedy: `Use a port of 1024 or above: ${other}`,
      cause: error,
    });
  }
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND") {
    return new StartError({
      message: `HOST=${host} is no address of this machine.`,
      remedy: "Set HOST to 127.0.0.1, or to 0.0.0.0 for every address.",
      cause: error,
    });
  }
  return error;
}

/** A signal lets running answers finish; a parent that is gone (its channel closes) leaves us no reason to stay. */
function stopWithParent(server: Server): void {
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    log.info("web stopping");
    readiness().stop();
    // Turns of the arena go on without a reader, and are drained like answers that have one.
    server.close(() => void arena().runs.idle().finally(exit));
    void relay()?.drain();
    // A connection whose answer ends from here on is kept for its client's next request otherwise.
    setInterval(() => server.closeIdleConnections(), IDLE_CLOSE_INTERVAL_MS).unref();
    setTimeout(() => {
      log.warn("answers still running were cut");
      void exit();
    }, drainMsMax()).unref();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("disconnect", () => void exit());
}

/**
 * Turns of the arena end where their readers are, background responses and what the API still writes with the
 * reason, a parent is told good-bye, then what was used is written, all in a time that is bounded.
 */
async function exit(): Promise<void> {
  try {
    const ended = Promise.resolve().then(() => responses().stop());
    const stopped = Promise.resolve().then(() => arena().runs.stop());
    const given = Promise.resolve().then(() => jobs().stop());
    // After those that know better what their readers are told.
    const told = Promise.resolve().then(() => runningGenerations().stop());
    const left = leaveParent();
    await settleWithin([stopped, ended, given, told, left], STOP_HOOKS_MS_MAX);
    await usageFlusher().close();
    await stopTracing();
  } finally {
    process.exit(0);
  }
}

async function leaveParent(): Promise<void> {
  await relay()?.stop();
}

main().catch((error: unknown) => {
  if (error instanceof StartError) {
    process.stderr.write(`${error.line}\n`);
    process.exit(EXIT_CODES.needsPerson);
  }
  log.fatal({ err: error }, "web did not start");
  process.exit(1);
});
