import { parentPort, workerData } from "node:worker_threads";
import { databaseUrl, openDatabase } from "@/lib/db/client";
import { BOARD_CONNECTIONS_MAX, BOARD_STATEMENT_MS_MAX } from "@/lib/job-limits";
import { assert } from "@/lib/util/assert";
import { computeBoardFile } from "@/lib/vote-files/compute-board-file";
import { BoardEngine } from "./board-engine";
import { FIT_ROLE } from "./board-threads";
import { fitBoard } from "./fit-board";
import { FitWorker } from "./fit-worker";
import type { ThreadAsk, ThreadCall, ThreadReply } from "./thread-messages";

/**
 * Both threads that compute boards. One holds the votes, on connections of its own, reads what changed and picks
 * what a board is made of; the other one fits, so that the first is never busy for longer than a pick.
 * scripts/bundle.mjs makes one file of it.
 */

type Answers = (ask: ThreadAsk, signal: AbortSignal) => Promise<unknown>;

const port = parentPort;
assert(port !== null, "this file is a thread's");
const running = new Map<number, AbortController>();
const doAsked = workerData === FIT_ROLE ? toFitter() : toKeeper();

port.on("message", (message: ThreadCall) => {
  if (message.type === "abort") {
    running.get(message.callId)?.abort(new Error("Nobody waits for the board any more."));
    return;
  }
  void answer(message);
});

async function answer({ callId, ask }: Extract<ThreadCall, { type: "call" }>): Promise<void> {
  const controller = new AbortController();
  running.set(callId, controller);
  try {
    reply({ callId, value: await doAsked(ask, controller.signal) });
  } catch (error) {
    reply({ callId, error: describe(error) });
  } finally {
    running.delete(callId);
  }
}

function toKeeper(): Answers {
  const { db } = openDatabase(databaseUrl(), {
    connectionsMax: BOARD_CONNECTIONS_MAX,
    statementTimeoutMs: BOARD_STATEMENT_MS_MAX,
  });
  const fitter = new FitWorker();
  const engine = new BoardEngine(db, { fitter });
  return async (ask, signal) => {
    switch (ask.what) {
      case "compute":
        return engine.compute(ask.key, signal);
      case "list-keys":
        return engine.listKeys(signal);
      case "compute-past":
        return engine.computePast(ask.key, ask.before, signal);
      default:
        return assert(false, "the other thread fits");
    }
  };
}

function toFitter(): Answers {
  return async (ask, signal) => {
    if (ask.what === "fit") return fitBoard(ask.task);
    assert(ask.what === "compute-file", "this thread has no votes");
    return computeBoardFile(ask.path, ask.head, { signal });
  };
}

/** Errors lose their class on the way; what the other side asks for is their words and the server's code. */
function describe(error: unknown): { message: string; code: string | undefined } {
  if (!(error instanceof Error)) return { message: String(error), code: undefined };
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = "code" in cause ? String(cause.code) : undefined;
  return { message: cause === error ? error.message : cause.message, code };
}

function reply(message: ThreadReply): void {
  port?.postMessage(message);
}
