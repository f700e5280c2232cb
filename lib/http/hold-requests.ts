import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "@/lib/errors";
import { START_HOLD_MS_MAX } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { StartGate } from "@/lib/util/start-gate";
import { type ErrorShape, errorReply, errorShapeAt, isApiPath } from "./error-reply";
import { REQUEST_ID_HEADER, readRequestId } from "./request-id";
import { writeAnswer } from "./write-answer";

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/**
 * Lets what programs call wait for the start to be over, and answers 503 where that takes long. A process
 * listens before its database has the schema, and workers register within that second. Probes are
 * to be told how far it is, and pages wait in Next.
 */
export function holdRequests(
  gate: StartGate,
  listener: Listener,
  limitMs = START_HOLD_MS_MAX,
): Listener {
  return (incoming, outgoing) => {
    const path = incoming.url?.split("?")[0] ?? "/";
    if (gate.isOpen || !isProgramPath(path)) return listener(incoming, outgoing);
    void gate.wait(limitMs).then(async (isOpen) => {
      // Who left meanwhile wants no answer, and no work.
      if (outgoing.destroyed) return;
      if (isOpen) return listener(incoming, outgoing);
      const error = new AppError("unavailable", {
        message: "The server is starting, and waits for its database. Try again in a second.",
        retryAfterSeconds: 1,
      });
      const { [REQUEST_ID_HEADER]: given } = incoming.headers;
      const headers = new Headers(typeof given === "string" ? { [REQUEST_ID_HEADER]: given } : {});
      const requestId = readRequestId(headers);
      const reply = errorReply(error, shapeAt(path), requestId);
      reply.headers.set(REQUEST_ID_HEADER, requestId);
      await writeAnswer(reply, { incoming, outgoing }).catch(() => outgoing.destroy());
    });
  };
}

function isProgramPath(path: string): boolean {
  return isApiPath(path) || /^\/(api|controller)(\/|$)/.test(path);
}

function shapeAt(path: string): ErrorShape {
  if (path.startsWith("/controller")) return "fastchat";
  return path.startsWith(`${paths.api.relay}/`) ? "worker" : errorShapeAt(path);
}
