import pino from "pino";
import { logLevel } from "@/lib/env";
import { processSingleton } from "@/lib/util/process-singleton";
import { LineLog } from "./line-log";
import { writeLinesToStdout } from "./line-writer";
import { serializers } from "./to-logged-error";

/** Paths whose values are never written: secrets by name, wherever they hang. */
const REDACTED = ["authorization", "cookie", "token", "secret", "password", "apiKey"].flatMap(
  (name) => [name, `*.${name}`, `*.*.${name}`],
);

const writer = processSingleton("log-writer", writeLinesToStdout);

const make = (more: pino.LoggerOptions = {}) =>
  pino(
    {
      level: logLevel(),
      base: { pid: process.pid },
      serializers,
      timestamp: pino.stdTimeFunctions.isoTime,
      ...more,
    },
    writer,
  );

/** The one logger: JSON lines on stdout. Content of conversations is never logged. */
export const log = processSingleton("log", () =>
  make({ redact: { paths: REDACTED, censor: "[redacted]" } }),
);

/**
 * The same for lines that each request has, of fields that are listed where they are written. Looking
 * through them for secrets by name takes 20 µs a line of five fields and 36 of twenty; writing them 2 and 4.
 */
export const requestLog = processSingleton("request-log", () => make());

/** The lines of requests and answers of the web process, which are of texts and numbers alone. */
export const requestLines = processSingleton(
  "request-lines",
  () => new LineLog(writer, { least: leastLevel(), pid: process.pid }),
);

function leastLevel(): number {
  const level = logLevel();
  return level === "silent" ? Number.POSITIVE_INFINITY : (pino.levels.values[level] ?? 0);
}

export type Log = pino.Logger;
