import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Log } from "@/lib/telemetry/log";
import { StartError } from "@/lib/util/start-error";
import type { BackendContext, CreateBackend } from "./module-interface";
import { type ReadModule, readModule } from "./read-module";

export type LoadOptions = {
  /** As it was typed: from the folder that the command was typed in. */
  path: string;
  options: Readonly<Record<string, string>>;
  signal: AbortSignal;
  log: Log;
};

/** Runs somebody's file, with all the rights of this process. @throws StartError */
export async function loadModule({ path, options, signal, log }: LoadOptions): Promise<ReadModule> {
  const place = resolve(path);
  const file = await readText(place, path);
  const exported = await importFile(place, { path, log });
  const create = exported.createBackend ?? exported.default;
  if (typeof create !== "function") {
    throw new StartError({
      message: `${path} exports no function "createBackend".`,
      remedy:
        "Write export function createBackend({ options, signal, log }) { return { models, … }; }.",
    });
  }
  const context: BackendContext = { options, signal, log: toModuleLog(log, path) };
  let made: unknown;
  try {
    // Whatever it is, it is called; what it returns is read below.
    made = await (create as CreateBackend)(context);
  } catch (cause) {
    throw failed(`createBackend of ${path}`, { cause, log });
  }
  return readModule(made, { path, file });
}

async function readText(place: string, path: string): Promise<string> {
  try {
    return await readFile(place, "utf8");
  } catch (cause) {
    throw new StartError({
      message: `The file ${path} cannot be read.`,
      remedy: "Name a module, such as --backend ./my-backend.mjs.",
      cause,
    });
  }
}

async function importFile(
  place: string,
  { path, log }: { path: string; log: Log },
): Promise<Record<string, unknown>> {
  try {
    return await import(/* @vite-ignore */ pathToFileURL(place).href);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_UNKNOWN_FILE_EXTENSION") {
      throw new StartError({
        message: `Node cannot run ${path}.`,
        remedy: "Write it in JavaScript and name it something.mjs.",
        cause,
      });
    }
    throw failed(path, { cause, log });
  }
}

/** One line for the terminal; where in the module it was stands in the log. */
function failed(what: string, { cause, log }: { cause: unknown; log: Log }): StartError {
  log.error({ err: cause }, `${what} failed`);
  const said = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : typeof cause;
  return new StartError({
    message: `${what} failed: ${said}`.replace(/[^.!?]$/, "$&."),
    remedy: "Mend it, or give it what it needs.",
    cause,
  });
}

function toModuleLog(log: Log, path: string): BackendContext["log"] {
  const own = log.child({ module: basename(path) });
  const toLine =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: Record<string, unknown> = {}) =>
      own[level](fields, String(message));
  return {
    ...{ debug: toLine("debug"), info: toLine("info") },
    ...{ warn: toLine("warn"), error: toLine("error") },
  };
}
