import { createHash } from "node:crypto";
import { join } from "node:path";
import { UPSTREAM_SLOTS_DEFAULT } from "@/lib/upstream-limits";
import { StartError } from "@/lib/util/start-error";
import { defineBackend, type FlagContext, type FlagValues } from "../backend-definition";
import { isSet, textOf, textsOf } from "../flag-rules";
import {
  readKey,
  toBaseUrl,
  toField,
  toNamedModels,
  toSecret,
  warnOfPlainKey,
} from "./openai-wire/upstream-flags";
import { createVllmBackend, type VllmOptions } from "./vllm";

export const VLLM = defineBackend({
  kind: "vllm",
  usage: `  --base-url <url>      a running vLLM, such as http://10.0.0.7:8000
  --launch              start one: the words after -- are its command, as in
                        --launch -- vllm serve Qwen/Qwen3-8B --tensor-parallel-size 2
  --log-file <path>     where the launched server's log is kept (in PARLEY_DATA_DIR)
  --model <name>[=<shown name>]
                        one of the server's models; may be given several times, none means all
  --api-key-env <name>  the variable that holds its key
  --honours <field>, --lacks <field>
                        what the server makes of a field, in place of what is found out
                        (docs/how-to/put-vllm-behind-parley.md); may be given several times
`,
  options: {
    "base-url": { type: "string" },
    launch: { type: "boolean" },
    "log-file": { type: "string" },
    "api-key-env": { type: "string" },
    honours: { type: "string", multiple: true },
    lacks: { type: "string", multiple: true },
  },
  takesCommand: true,
  slotsDefault: UPSTREAM_SLOTS_DEFAULT,
  read: toOptions,
  starting: ({ models }) => models.map(({ name }) => name),
  create: async (options, { log, signal }) => {
    const { server, headers } = options;
    if ("baseUrl" in server) {
      warnOfPlainKey({ baseUrl: server.baseUrl, headers }, (message) => log.warn(message));
    }
    return await createVllmBackend(options, { log, signal });
  },
});

function toOptions(values: FlagValues, context: FlagContext): VllmOptions {
  const key = readKey(values);
  return {
    server: toServer(values, context, key),
    headers: toSecret<Record<string, string>>(
      key === undefined ? {} : { authorization: `Bearer ${key}` },
    ),
    models: toNamedModels(context.models),
    honours: textsOf(values, "honours").map((word) => toField("honours", word)),
    lacks: textsOf(values, "lacks").map((word) => toField("lacks", word)),
    slots: context.slots,
  };
}

function toServer(
  values: FlagValues,
  { command, environment }: FlagContext,
  key: string | undefined,
): VllmOptions["server"] {
  const base = textOf(values, "base-url");
  const isLaunch = isSet(values, "launch");
  if (base !== undefined && isLaunch) {
    throw new StartError({
      message: "--base-url names a running server, and --launch starts one.",
      remedy: "Give one of them.",
    });
  }
  if (isLaunch && command.length > 0) {
    const logFile =
      textOf(values, "log-file") ?? defaultLogFile(environment.PARLEY_DATA_DIR, command);
    return { launch: { command, logFile, apiKey: toSecret(key) } };
  }
  if (isLaunch || command.length > 0) {
    throw new StartError({
      message: isLaunch ? "--launch without a command." : 'Words after "--" without --launch.',
      remedy: "Say both, as in: --launch -- vllm serve Qwen/Qwen3-8B",
    });
  }
  if (base === undefined) {
    throw new StartError({
      message: "No server to ask.",
      remedy:
        "Say where it is with --base-url, such as http://127.0.0.1:8000, or start one with --launch.",
    });
  }
  if (textOf(values, "log-file") !== undefined) {
    throw new StartError({
      message: "--log-file is where a launched server's log is kept, and none is launched.",
      remedy: "Leave it out.",
    });
  }
  const url = toBaseUrl(base);
  return { baseUrl: /\/v\d+$/.test(url) ? url : `${url}/v1` };
}

/** The same at the next start of the same command, so that its size stays bounded. */
function defaultLogFile(dataFolder: string, command: readonly string[]): string {
  const hash = createHash("sha256").update(command.join("\n")).digest("hex").slice(0, 8);
  return join(dataFolder, "logs", `vllm-${hash}.log`);
}
