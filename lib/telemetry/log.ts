import pino from "pino";
import { logLevel } from "@/lib/env";
import { processSingleton } from "@/lib/util/process-singleton";
import { writeLinesToStdout } from "./line-writer";
import { serializers } from "./to-logged-error";

/** Paths whose values are never written: secrets by name, wherever they hang. */
const REDACTED = ["authorization", "cookie", "token", "secret", "password", "apiKey"].flatMap(
  (name) => [name, `*.${name}`, `*.*.${name}`],
);

/** The one logger: JSON lines on stdout. Content of conversations is never logged. */
export const log = processSingleton("log", () =>
  pino(
    {
      level: logLevel(),
      base: { pid: process.pid },
      redact: { paths: REDACTED, censor: "[redacted]" },
      serializers,
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    writeLinesToStdout(),
  ),
);

export type Log = pino.Logger;
