import { resolve } from "node:path";
import { readVariable } from "@/lib/env";
import { HUBS } from "@/lib/hub/hubs";
import { UPSTREAM_SLOTS_DEFAULT } from "@/lib/upstream-limits";
import { StartError } from "@/lib/util/start-error";
import type { FlagValues } from "../backend-definition";
import { defineBackend } from "../backend-definition";
import { isSet, textOf, toChoice, toUrl } from "../flag-rules";
import { createHuggingfaceBackend } from "./huggingface";
import { checkHosted } from "./huggingface/check-hosted";
import { type HostedEntry, HUB_PROVIDERS, hostedModelSchema } from "./huggingface/hosted-model";
import { findToken, HOW_TO, readHostedFile } from "./huggingface/read-hosted-file";
import { toSecret } from "./openai-wire/upstream-flags";
import { watchFile } from "./watch-file";

type Settings = {
  /** Absent: the one model of the flags. */
  path: string | undefined;
  /** A function, so that no log of settings has a token. */
  single: () => HostedEntry | undefined;
  only: readonly string[];
  isCheck: boolean;
  hubUrl: string | undefined;
  routerUrl: string | undefined;
};

export const HUGGINGFACE = defineBackend<Settings>({
  kind: "huggingface",
  usage: `  --model <name>        a model of the hub, asked of its inference providers (HF_TOKEN); with
                        --config one of the file's, which may be given several times
  --endpoint <url>      an endpoint, or a Text Generation Inference server of your own, instead
  --provider <name>     which provider of the hub: auto (as the account prefers), groq, together, …
  --token-env <name>    the variable that holds the token
  --config <file>       several models, with what else can be said of them
                        (docs/how-to/use-hugging-face-endpoints.md); FastChat's is read as it is
  --model-info-file <file>
                        the same, by FastChat's name for it
  --router <url>        where the hub's router is, if it is elsewhere (the hub: HF_ENDPOINT)
  --check               only read this and tell what is wrong with it or what it offers
`,
  options: {
    endpoint: { type: "string" },
    provider: { type: "string" },
    "token-env": { type: "string" },
    config: { type: "string" },
    "model-info-file": { type: "string" },
    router: { type: "string" },
    check: { type: "boolean" },
  },
  slotsDefault: UPSTREAM_SLOTS_DEFAULT,
  read: (values, { models }) => {
    const file = textOf(values, "config") ?? textOf(values, "model-info-file");
    if (file !== undefined) refuseBesideFile(values);
    const { endpoint } = HUBS.huggingface;
    const router = textOf(values, "router");
    return {
      path: file && resolve(file),
      single: toSecret(file === undefined ? toSingle(values, models) : undefined),
      only: file === undefined ? [] : models,
      isCheck: isSet(values, "check"),
      hubUrl: (endpoint && readVariable(endpoint))?.replace(/\/+$/, ""),
      routerUrl: router && toUrl("router", router),
    };
  },
  starting: ({ only, single }) => {
    const entry = single();
    return entry === undefined ? [...only] : [entry.model.name];
  },
  check: async (settings) =>
    settings.isCheck ? checkHosted(readSettings(settings), settings.only) : undefined,
  create: async (settings, { slots, log }) => {
    const { path, only, hubUrl, routerUrl } = settings;
    const source = {
      read: async () => readSettings(settings),
      watch: (onChange: () => void, signal: AbortSignal) => {
        if (path !== undefined) watchFile({ path }, onChange, signal);
      },
    };
    return await createHuggingfaceBackend({ source, only, slots, log, hubUrl, routerUrl });
  },
});

function readSettings({ path, single }: Settings): { models: HostedEntry[]; warnings: string[] } {
  if (path !== undefined) return readHostedFile(path);
  const entry = single();
  return { models: entry ? [entry] : [], warnings: [] };
}

function refuseBesideFile(values: FlagValues): void {
  for (const flag of ["endpoint", "provider", "token-env"]) {
    if (textOf(values, flag) === undefined) continue;
    throw new StartError({
      message: `--${flag} says what the file says of each of its models.`,
      remedy: `Write it into the file (${HOW_TO}), or leave the file out.`,
    });
  }
}

/** @throws StartError naming the flag and what it takes. */
function toSingle(values: FlagValues, models: readonly string[]): HostedEntry {
  const endpoint = textOf(values, "endpoint");
  const provider = textOf(values, "provider");
  const [model] = models;
  if (models.length > 1 || (model === undefined && endpoint === undefined)) {
    throw new StartError({
      message: models.length > 1 ? "Several models, and no file of them." : "No model is named.",
      remedy: `Give one with --model org/name or --endpoint <url>, or several with --config (${HOW_TO}).`,
    });
  }
  const parsed = hostedModelSchema.safeParse({
    name: model ?? (endpoint && URL.canParse(endpoint) ? new URL(endpoint).hostname : endpoint),
    ...{
      model,
      endpoint: endpoint && toUrl("endpoint", endpoint),
      token: textOf(values, "token-env"),
    },
    ...(provider !== undefined && { provider: toChoice("provider", provider, HUB_PROVIDERS) }),
  });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const flag = issue?.path[0] === "token" ? "token-env" : String(issue?.path[0]);
    throw new StartError({ message: `--${flag} ${issue?.message}.`, remedy: "See --help." });
  }
  const found = findToken(parsed.data, readVariable);
  if (typeof found === "string") {
    throw new StartError({
      message: `${found.charAt(0).toUpperCase()}${found.slice(1)}.`,
      remedy: "See --help.",
    });
  }
  return { model: parsed.data, token: found.token };
}
