import { UPSTREAM_SLOTS_DEFAULT } from "@/lib/upstream-limits";
import { StartError } from "@/lib/util/start-error";
import { defineBackend, type FlagContext, type FlagValues } from "../backend-definition";
import { isSet, textOf, textsOf, toChoice, toInteger } from "../flag-rules";
import { createOpenAiCompatibleBackend, type OpenAiCompatibleOptions } from "./openai-compatible";
import { SERVER_NAMES } from "./openai-compatible/servers";
import {
  readKey,
  readSecret,
  toBaseUrl,
  toField,
  toNamedModels,
  toSecret,
  warnOfPlainKey,
} from "./openai-wire/upstream-flags";

export const OPENAI_COMPATIBLE = defineBackend({
  kind: "openai-compatible",
  usage: `  --base-url <url>      the server, up to and with /v1, such as http://127.0.0.1:8080/v1
  --model <name>[=<shown name>]
                        one of the server's models; may be given several times, none means all
  --server <name>       ${SERVER_NAMES.join(", ")}:
                        which it is (found out)
  --api-key-env <name>  the variable that holds its key
  --header <name>=<variable>
                        another header, and the variable that holds its value; may be given several
                        times
  --context-length <tokens>
                        of its models, prompt and answer together (what the server tells)
  --embeddings <name>   a model that makes vectors, where the server does not tell; may be given
                        several times
  --honours <field>, --lacks <field>
                        what the server makes of a field, in place of what is known of it
                        (docs/how-to/serve-an-openai-compatible-server.md); may be given again
  --no-probe            ask a server that is not known by name nothing to find out what it honours
`,
  options: {
    "base-url": { type: "string" },
    server: { type: "string" },
    "api-key-env": { type: "string" },
    header: { type: "string", multiple: true },
    "context-length": { type: "string" },
    embeddings: { type: "string", multiple: true },
    honours: { type: "string", multiple: true },
    lacks: { type: "string", multiple: true },
    "no-probe": { type: "boolean" },
  },
  slotsDefault: UPSTREAM_SLOTS_DEFAULT,
  read: toOptions,
  starting: ({ models }) => models.map(({ name }) => name),
  create: async (options, { log, signal }) => {
    warnOfPlainKey(options, (message) => log.warn(message));
    return await createOpenAiCompatibleBackend(options, { log, signal });
  },
});

function toOptions(values: FlagValues, context: FlagContext): OpenAiCompatibleOptions {
  const base = textOf(values, "base-url");
  if (base === undefined) {
    throw new StartError({
      message: "No server to ask.",
      remedy: "Say where it is with --base-url, such as http://127.0.0.1:8080/v1.",
    });
  }
  const server = textOf(values, "server");
  const length = textOf(values, "context-length");
  return {
    baseUrl: toBaseUrl(base),
    headers: toSecret(toHeaders(values)),
    models: toNamedModels(context.models),
    server: server === undefined ? undefined : toChoice("server", server, SERVER_NAMES),
    contextLength:
      length === undefined ? undefined : toInteger("context-length", length, [1, 2 ** 30]),
    honours: textsOf(values, "honours").map((word) => toField("honours", word)),
    lacks: textsOf(values, "lacks").map((word) => toField("lacks", word)),
    embedders: textsOf(values, "embeddings"),
    mayProbe: !isSet(values, "no-probe"),
    slots: context.slots,
  };
}

const HEADER = /^([!#$%&'*+.^_`|~\w-]+)=(\w+)$/;

function toHeaders(values: FlagValues): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const word of textsOf(values, "header")) {
    const [, name, variable] = HEADER.exec(word) ?? [];
    // Not told again: who mistook the form may have put a key there.
    if (!name || !variable) {
      throw new StartError({
        message: "--header is a name and a variable, <name>=<variable>.",
        remedy: "Put the value into the variable.",
      });
    }
    headers[name.toLowerCase()] = readSecret("header", variable);
  }
  const key = readKey(values);
  return key === undefined ? headers : { ...headers, authorization: `Bearer ${key}` };
}
