import { hostname } from "node:os";
import { parseArgs } from "node:util";
import type { Env } from "@/lib/env";
import { SLOTS_MAX } from "@/lib/limits";
import type { BackendKind } from "@/lib/protocol/worker-card";
import { StartError } from "@/lib/util/start-error";
import type { AnyBackendDefinition, FlagValues, PreparedBackend } from "./backend-definition";
import { BACKENDS } from "./backends";
import { isSet, textOf, textsOf, toInteger, toUrl, wrongFlag } from "./flag-rules";

export type Flags = {
  kind: BackendKind;
  host: string;
  port: number;
  announce: string | undefined;
  controllerUrl: string;
  name: string;
  slots: number;
  threads: number;
  backend: PreparedBackend;
};

const KINDS = Object.values(BACKENDS).map(({ kind }) => kind);
const KIND_DEFAULT: BackendKind = "onnx";

const USAGE_OF_ALL = `Serves models to a Parley web process.

  --backend <kind>      what serves (${KIND_DEFAULT}); also --kind. One of
                        ${KINDS.join(", ")},
                        or the file of a module of yours
  --model <name>        what to serve; each kind says below what it takes
  --controller <url>    the web process to register with (PARLEY_CONTROLLER_URL)
  --host <address>      address to listen on (127.0.0.1)
  --port <number>       port to listen on, 0 for any free one (0)
  --announce <url>      URL under which the web process reaches this worker (http://<host>:<port>)
  --name <name>         what people call this worker (host name and kind)
  --slots <number>      answers at once
  --threads <number>    cores that inference may use, 0 for all (PARLEY_WORKER_THREADS)
  --help                this text; with --backend, of that kind alone
`;
const USAGE_OF_SECRETS = `
The secret shared with the web process is read from PARLEY_WORKER_SECRET, and a token of this
worker's own, which then takes its place, from PARLEY_WORKER_TOKEN.
`;

const OPTIONS_OF_ALL = {
  backend: { type: "string" },
  kind: { type: "string" },
  model: { type: "string", multiple: true, default: [] as string[] },
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: "0" },
  announce: { type: "string" },
  controller: { type: "string" },
  name: { type: "string" },
  slots: { type: "string" },
  threads: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** What `--help` prints: of every kind, or of the one that the words name. */
export function usageOf(words: readonly string[]): string {
  const word = kindWord(words);
  const asked = word === undefined ? undefined : toKind(word);
  const shown = Object.values(BACKENDS).filter((it) => asked === undefined || it.kind === asked);
  const sections = (shown.length > 0 ? shown : Object.values(BACKENDS)).map(
    ({ kind, usage, slotsDefault }) => `\n--backend ${kind} (${slotsDefault} slots)\n\n${usage}`,
  );
  return [USAGE_OF_ALL, ...sections, USAGE_OF_SECRETS].join("");
}

/**
 * The flags, checked; undefined when help was asked for.
 *
 * @throws StartError naming the flag and what it takes.
 */
export function parseFlags(words: readonly string[], environment: Env): Flags | undefined {
  const word = kindWord(words) ?? KIND_DEFAULT;
  const definition = findDefinition(word);
  const { values, command } = parseWords(words, definition);
  if (isSet(values, "help")) return undefined;
  const host = textOf(values, "host") ?? "127.0.0.1";
  const announceAsked = textOf(values, "announce");
  const announce = announceAsked && toUrl("announce", announceAsked);
  if (!announce && (host === "0.0.0.0" || host === "::")) {
    throw new StartError({
      message: `--host ${host} listens everywhere, which tells the web process no address.`,
      remedy: "Say with --announce under which URL it reaches this worker.",
    });
  }
  const slotsAsked = textOf(values, "slots");
  const slots =
    slotsAsked === undefined ? undefined : toInteger("slots", slotsAsked, [1, SLOTS_MAX]);
  const threads = textOf(values, "threads") ?? `${environment.PARLEY_WORKER_THREADS}`;
  const models = textsOf(values, "model");
  return {
    kind: definition.kind,
    ...{ host, port: toInteger("port", textOf(values, "port") ?? "0", [0, 65_535]) },
    announce: announce || undefined,
    controllerUrl: toUrl(
      "controller",
      textOf(values, "controller") ?? environment.PARLEY_CONTROLLER_URL,
    ),
    name: textOf(values, "name") ?? `${hostname()} ${definition.kind}`,
    slots: slots ?? definition.slotsDefault,
    threads: toInteger("threads", threads, [0, 1_024]),
    backend: definition.prepare(values, { environment, word, models, slots, command }),
  };
}

function findDefinition(word: string): AnyBackendDefinition {
  const kind = toKind(word);
  const definition = Object.values(BACKENDS).find((it) => it.kind === kind);
  if (definition !== undefined) return definition;
  const rule = `is one of ${KINDS.join(", ")}, or a module such as ./my-backend.mjs`;
  throw wrongFlag("backend", rule, word);
}

/** A file of somebody's own is known by its being a path. */
function toKind(word: string): string {
  return /[/\\]|\.[cm]?[jt]s$/.test(word) ? "custom" : word;
}

/** Asked for first, since it decides which flags there are. */
function kindWord(words: readonly string[]): string | undefined {
  const { kind, backend } = OPTIONS_OF_ALL;
  const [head] = splitAtCommand(words);
  const { values } = parseArgs({ args: head, strict: false, options: { kind, backend } });
  const [said, also] = [textOf(values, "backend"), textOf(values, "kind")];
  if (said === undefined || also === undefined || said === also) return said ?? also;
  throw new StartError({
    message: `--backend says ${said}, and --kind, which means the same, says ${also}.`,
    remedy: "Give one of them.",
  });
}

function splitAtCommand(words: readonly string[]): [head: string[], command: string[]] {
  const at = words.indexOf("--");
  return at === -1 ? [[...words], []] : [words.slice(0, at), words.slice(at + 1)];
}

function parseWords(
  words: readonly string[],
  definition: AnyBackendDefinition,
): { values: FlagValues; command: string[] } {
  const [head, command] = splitAtCommand(words);
  if (command.length > 0 && !definition.takesCommand) {
    throw new StartError({
      message: `Words after "--" are a command, and --backend ${definition.kind} starts none.`,
      remedy: "Leave them out.",
    });
  }
  refuseFlagsOfOthers(head, definition);
  try {
    const options = { ...OPTIONS_OF_ALL, ...definition.options };
    return { values: parseArgs({ args: head, strict: true, options }).values, command };
  } catch (cause) {
    const isOurs = cause instanceof Error && "code" in cause;
    if (!isOurs || !String(cause.code).startsWith("ERR_PARSE_ARGS")) throw cause;
    // Node's second sentence is about "--", which few flags of ours need.
    const [message = ""] = cause.message.split(". ");
    throw new StartError({ message: `${message}.`, remedy: "See --help.", cause });
  }
}

/** A flag that another kind has is no typing error, and whose it is says what to do. */
function refuseFlagsOfOthers(head: string[], { kind, options }: AnyBackendDefinition): void {
  const known = { ...OPTIONS_OF_ALL, ...options };
  for (const word of head) {
    const flag = /^--([^=]+)/.exec(word)?.[1];
    if (flag === undefined || Object.hasOwn(known, flag)) continue;
    const owners = Object.values(BACKENDS).filter((it) => Object.hasOwn(it.options, flag));
    if (owners.length === 0) continue;
    throw new StartError({
      message: `--${flag} is a flag of --backend ${owners.map((it) => it.kind).join(", ")}, and ${kind} has none such.`,
      remedy: "Leave it out, or choose that backend.",
    });
  }
}
