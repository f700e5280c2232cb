import { parentPort } from "node:worker_threads";
import { databaseUrl, openDatabase } from "@/lib/db/client";
import { BOARD_CONNECTIONS_MAX } from "@/lib/job-limits";
import { assert } from "@/lib/util/assert";
import { computeBoardFile } from "@/lib/vote-files/compute-board-file";
import { BoardEngine } from "./board-engine";
import type { ThreadAsk, ThreadCall, ThreadReply } from "./thread-messages";

/**
 * The thread that computes boards: a million votes are read and fitted here, on connections of its own, while
 * the process goes on answering. scripts/bundle.mjs makes one file of it.
 */

const port = parentPort;
assert(port !== null, "this file is a thread's");
const { db } = openDatabase(databaseUrl(), { connectionsMax: BOARD_CONNECTIONS_MAX });
const engine = new BoardEngine(db);
const running = new Map<number, AbortController>();

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

function doAsked(ask: ThreadAsk, signal: AbortSignal): Promise<unknown> {
  switch (ask.what) {
    case "compute":
      return engine.compute(ask.key, signal);
    case "list-keys":
      return engine.listKeys(signal);
    case "compute-file":
      return computeBoardFile(ask.path, ask.head, { signal });
  }
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
