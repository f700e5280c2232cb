import { statSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { AdapterSource } from "@/lib/engine/lora/load-adapter";
import { DEVICES } from "@/lib/engine/onnx/device";
import type { Env } from "@/lib/env";
import { SLOTS_DEFAULT, SLOTS_MAX } from "@/lib/limits";
import { BACKEND_KINDS, type BackendKind } from "@/lib/protocol/worker-card";
import { StartError } from "@/lib/util/start-error";
import { MOCK_MODELS } from "./backends/mock-models";
import type { EngineSettings } from "./engine-messages";

export type Flags = {
  kind: BackendKind;
  models: string[];
  host: string;
  port: number;
  announce: string | undefined;
  controllerUrl: string;
  name: string;
  slots: number;
  threads: number;
  /** How models are loaded; empty for kinds that load none. */
  engine: Omit<EngineSettings, "threadCount" | "slotCount">;
};

const KV_DTYPES = ["auto", "float32", "float16"] as const;
/** Flags that say how a model is loaded, which only one kind does. */
const ENGINE_FLAGS = [
  "weights",
  "max-model-len",
  "kv-dtype",
  "graph-cache",
  "allow-batch-variance",
  "session",
  "device",
  "lora",
] as const;
const SESSION_KINDS = ["auto", "native", "portable"] as const;

export const USAGE = `Serves models to a Parley web process.

  --model <folder>      model folder, may be given several times; with --kind mock the name of a
                        sentinel such as mock/echo, none means all
  --kind <kind>         ${BACKEND_KINDS.join(" or ")} (onnx)
  --controller <url>    the web process to register with (PARLEY_CONTROLLER_URL)
  --host <address>      address to listen on (127.0.0.1)
  --port <number>       port to listen on, 0 for any free one (0)
  --announce <url>      URL under which the web process reaches this worker (http://<host>:<port>)
  --name <name>         what people call this worker (host name and kind)
  --slots <number>      answers at once (${SLOTS_DEFAULT}, or fewer where memory is short)
  --threads <number>    cores that inference may use, 0 for all (PARLEY_WORKER_THREADS)
  --weights <file>      which graph of a folder that has several, such as model_q4.onnx (the most
                        exact one)
  --max-model-len <tokens>
                        context to serve, prompt and answer together (the model's own); a shorter
                        one leaves memory for more answers at once
  --kv-dtype <type>     ${KV_DTYPES.join(", ")}: what the cache of keys and values holds (auto); the
                        model's graph decides, and another type than its own is refused
  --graph-cache <folder>
                        where graphs prepared for serving are kept (a folder of yours in the
                        system's temporary one; under npm start in PARLEY_DATA_DIR)
  --allow-batch-variance
                        serve a form of the weights whose answers depend on who else is served
  --session <kind>      ${SESSION_KINDS.join(", ")}: how onnxruntime is called (PARLEY_WORKER_SESSION)
  --device <device>     ${DEVICES.join(", ")}: what runs the model
                        (PARLEY_WORKER_DEVICE); operators that a device lacks run on the CPU
  --lora <name>=<file>  an .onnx_adapter file to serve over the model, under a name of its own; may
                        be given several times
  --help                this text

The secret shared with the web process is read from PARLEY_WORKER_SECRET, and a token of this
worker's own, which then takes its place, from PARLEY_WORKER_TOKEN.
`;

type Defaults = Pick<
  Env,
  | ("PARLEY_CONTROLLER_URL" | "PARLEY_WORKER_THREADS")
  | ("PARLEY_WORKER_SESSION" | "PARLEY_WORKER_DEVICE")
>;

/**
 * The flags, checked; undefined when help was asked for.
 *
 * @throws StartError naming the flag and what it takes.
 */
export function parseFlags(words: readonly string[], defaults: Defaults): Flags | undefined {
  const values = parseWords(words);
  if (values.help) return undefined;
  const kind = BACKEND_KINDS.find((it) => it === values.kind);
  if (!kind) throw wrong("kind", `is one of ${BACKEND_KINDS.join(", ")}`, values.kind);
  const host = values.host;
  const announce = values.announce && toUrl("announce", values.announce);
  if (!announce && (host === "0.0.0.0" || host === "::")) {
    throw new StartError({
      message: `--host ${host} listens everywhere, which tells the web process no address.`,
      remedy: "Say with --announce under which URL it reaches this worker.",
    });
  }
  return {
    kind,
    models: kind === "mock" ? values.model.map(toSentinel) : toFolders(values.model),
    host,
    port: toInteger("port", values.port, [0, 65_535]),
    announce: announce || undefined,
    controllerUrl: toUrl("controller", values.controller ?? defaults.PARLEY_CONTROLLER_URL),
    name: values.name ?? `${hostname()} ${kind}`,
    slots: toInteger("slots", values.slots ?? `${SLOTS_DEFAULT}`, [1, SLOTS_MAX]),
    threads: toInteger(
      "threads",
      values.threads ?? `${defaults.PARLEY_WORKER_THREADS}`,
      [0, 1_024],
    ),
    engine: kind === "onnx" ? toEngineSettings(values, defaults) : expectNone(values),
  };
}

type Values = ReturnType<typeof parseWords>;

function toEngineSettings(values: Values, defaults: Defaults): Flags["engine"] {
  const asked = values["kv-dtype"] ?? "auto";
  const dtype = KV_DTYPES.find((it) => it === asked);
  if (!dtype) throw wrong("kv-dtype", `is one of ${KV_DTYPES.join(", ")}`, asked);
  const session = SESSION_KINDS.find(
    (it) => it === (values.session ?? defaults.PARLEY_WORKER_SESSION),
  );
  if (!session)
    throw wrong("session", `is one of ${SESSION_KINDS.join(", ")}`, `${values.session}`);
  const deviceAsked = values.device ?? defaults.PARLEY_WORKER_DEVICE;
  const device = DEVICES.find((it) => it === deviceAsked);
  if (!device) throw wrong("device", `is one of ${DEVICES.join(", ")}`, deviceAsked);
  // Each model has a thread, and two threads in it at a time end the process (onnxruntime 1.30).
  if (device === "webgpu" && values.model.length > 1) {
    throw new StartError({
      message: `webgpu runs one model a process, and there are ${values.model.length}.`,
      remedy: "Start a worker for each of them.",
    });
  }
  const length = values["max-model-len"];
  const folder = values["graph-cache"];
  return {
    // A default may be lowered to what memory holds; a number that somebody asked for may not.
    mayRunFewerSlots: values.slots === undefined,
    contextLengthMax:
      length === undefined ? undefined : toInteger("max-model-len", length, [2, 2 ** 30]),
    kvDtype: dtype === "auto" ? undefined : dtype,
    graphCacheFolder: folder === undefined ? undefined : resolve(folder),
    weightFile: values.weights,
    mayVaryWithBatch: values["allow-batch-variance"] ?? false,
    sessionKind: session === "auto" ? undefined : session,
    device,
    adapters: toAdapters(values),
  };
}

function toAdapters({ lora = [], model }: Values): AdapterSource[] {
  const adapters = lora.map((word): AdapterSource => {
    // A path may have the sign in it, a name may not.
    const [, name = "", file = ""] = /^([^=]+)=(.+)$/s.exec(word) ?? [];
    if (!name || !file) throw wrong("lora", "is a name and a file, <name>=<file>", word);
    const path = resolve(file);
    // What is there and is no adapter is told apart when it is read.
    if (statSync(path, { throwIfNoEntry: false })) return { name, path };
    throw new StartError({
      message: `There is no file ${path}.`,
      remedy: "Give --lora the path of an .onnx_adapter file.",
    });
  });
  if (adapters.length === 0 || model.length === 1) return adapters;
  throw new StartError({
    message: `--lora does not say which of ${model.length} models it is for.`,
    remedy: "Serve the model that it was made for by a worker of its own.",
  });
}

function expectNone(values: Values): Flags["engine"] {
  const flag = ENGINE_FLAGS.find((it) => values[it] !== undefined && values[it] !== false);
  if (flag === undefined) return {};
  throw new StartError({
    message: `--${flag} is about loading a model, which --kind ${values.kind} does not do.`,
    remedy: "Leave it out, or serve a model folder with --kind onnx.",
  });
}

function parseWords(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      strict: true,
      options: {
        kind: { type: "string", default: "onnx" },
        model: { type: "string", multiple: true, default: [] },
        host: { type: "string", default: "127.0.0.1" },
        port: { type: "string", default: "0" },
        announce: { type: "string" },
        controller: { type: "string" },
        name: { type: "string" },
        slots: { type: "string" },
        threads: { type: "string" },
        weights: { type: "string" },
        "max-model-len": { type: "string" },
        "kv-dtype": { type: "string" },
        "graph-cache": { type: "string" },
        "allow-batch-variance": { type: "boolean" },
        session: { type: "string" },
        device: { type: "string" },
        lora: { type: "string", multiple: true },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (cause) {
    const isOurs = cause instanceof Error && "code" in cause;
    if (!isOurs || !String(cause.code).startsWith("ERR_PARSE_ARGS")) throw cause;
    // Node's second sentence is about "--", which no flag of ours needs.
    const [message = ""] = cause.message.split(". ");
    throw new StartError({ message: `${message}.`, remedy: "See --help.", cause });
  }
}

function wrong(flag: string, rule: string, value: string): StartError {
  return new StartError({ message: `--${flag} ${rule}; got "${value}".`, remedy: "See --help." });
}

function toInteger(flag: string, value: string, [low, high]: readonly [number, number]): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= low && number <= high) return number;
  throw wrong(flag, `is a whole number from ${low} to ${high}`, value);
}

function toUrl(flag: string, value: string): string {
  if (/^https?:\/\//.test(value) && URL.canParse(value)) return value.replace(/\/+$/, "");
  throw wrong(flag, "is a URL that begins with http:// or https://", value);
}

function toSentinel(name: string): string {
  if (name in MOCK_MODELS) return name;
  throw wrong("model", `is one of ${Object.keys(MOCK_MODELS).join(", ")}`, name);
}

function toFolders(paths: readonly string[]): string[] {
  if (paths.length === 0) {
    throw new StartError({
      message: "No model to serve.",
      remedy: "Name a model folder with --model <folder>.",
    });
  }
  return paths.map((path) => {
    const folder = resolve(path);
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
    throw new StartError({
      message: `There is no folder ${folder}.`,
      remedy: "Give --model the path of a model folder, the one that holds config.json.",
    });
  });
}
