import type { Command } from "commander";
import { AppError } from "@/lib/errors";
import { CREDENTIAL_KEYS, PROVIDER_NAMES, PROVIDERS } from "@/lib/protocol/provider-table";
import {
  type ExternalModelView,
  externalModelBodySchema,
  type ProvidersView,
} from "@/lib/protocol/providers-view";
import {
  changeExternalModel,
  createExternalModel,
  deleteExternalModel,
  enableExternalModel,
} from "@/lib/providers/store";
import { withDatabase } from "../../open-database";
import { parseFlags, toFlagNumber } from "../../parse-flags";
import { getCookieSecret } from "../../running";
import type { Terminal } from "../../terminal";
import { plainLine, textTable } from "../../text-table";
import { readView } from "./read-view";

type Json = { json?: true };

const JSON_FLAG = ["--json", "one JSON object"] as const;
const WORD = "its name or id";

export function addProviderModels(providers: Command, terminal: Terminal): void {
  const models = providers
    .command("models")
    .description("Models of providers: what stands in models.yaml, kept by the platform.");
  addAdd(models, terminal);
  addList(models, terminal);
  addSwitches(models, terminal);
  addRemove(models, terminal);
}

type AddOptions = {
  provider: string;
  model: string;
  key?: string;
  variable?: string;
  baseUrl?: string;
  region?: string;
  project?: string;
  location?: string;
  resource?: string;
  apiVersion?: string;
  contextLength?: number;
  features?: string;
  priceInput?: number;
  priceOutput?: number;
  priceCachedInput?: number;
  temperature?: number;
  topP?: number;
  maxTokens?: number;
  fixedTemperature?: number;
  anonymousOnly?: true;
  refuseSystemPrompts?: true;
  organization?: string;
  licence?: string;
  replace?: true;
} & Json;

function addAdd(models: Command, terminal: Terminal): void {
  models
    .command("add")
    .description("Add a model. What has no flag here is said in a file, for `providers import`.")
    .argument("<name>", "as people call it here")
    .requiredOption("--provider <provider>", PROVIDER_NAMES.join(", "))
    .requiredOption("--model <id>", "its id at the provider; with azure that of the deployment")
    .option("--key <name>", "a key that the platform keeps: see `providers keys list`")
    .option("--variable <name>", "the NAME of a variable of the worker that holds its key")
    .option("--base-url <url>", "where it is, with the providers that have such, as the next five")
    .option("--region <region>")
    .option("--project <project>")
    .option("--location <location>")
    .option("--resource <resource>")
    .option("--api-version <version>")
    .option("--context-length <tokens>", "prompt and answer together", toFlagNumber)
    .option("--features <list>", "chat, tools, images, reasoning, embeddings; chat unless told")
    .option("--price-input <dollars>", "of a million tokens", toFlagNumber)
    .option("--price-output <dollars>", "of a million tokens", toFlagNumber)
    .option("--price-cached-input <dollars>", "of a million tokens", toFlagNumber)
    .option(
      "--temperature <number>",
      "for requests that say nothing, as the next two",
      toFlagNumber,
    )
    .option("--top-p <number>", "", toFlagNumber)
    .option("--max-tokens <tokens>", "", toFlagNumber)
    .option("--fixed-temperature <number>", "which it has once and for all", toFlagNumber)
    .option("--anonymous-only", "for blind battles alone")
    .option("--refuse-system-prompts", "a request with one gets a 400")
    .option("--organization <name>")
    .option("--licence <name>")
    .option("--replace", "in place of the one of its name")
    .option(...JSON_FLAG)
    .action(async (name: string, options: AddOptions) => {
      const secret = getCookieSecret(terminal.root);
      const view = await withDatabase(terminal.root, async (db) => {
        const { keys, models: known } = await readView(db, secret);
        const body = parseFlags(externalModelBodySchema, {
          ...{ entry: toEntry(name, options), keyId: keyIdOf(keys, options.key) },
        });
        const old = known.find(({ entry }) => entry.name === name);
        const isNew = old === undefined || !options.replace;
        if (isNew) await createExternalModel(db, body);
        else await changeExternalModel(db, old.id, { ...body, isEnabled: old.isEnabled });
        return await readView(db, secret);
      });
      const added = view.models.find(({ entry }) => entry.name === name);
      tell(terminal, options, { model: added }, `${name} is ${options.replace ? "set" : "added"}.`);
    });
}

/** Flags under the names that an entry has them by. */
function toEntry(name: string, options: AddOptions): Record<string, unknown> {
  const { provider, model, variable, features } = options;
  const { priceInput: input, priceOutput: output, priceCachedInput: cachedInput } = options;
  const hasPrice = [input, output, cachedInput].some((it) => it !== undefined);
  const { temperature, topP, maxTokens, fixedTemperature } = options;
  const { baseUrl, region, project, location, resource, apiVersion } = options;
  const { contextLength, organization, licence } = options;
  return withoutUndefined({
    ...{ name, provider, model, key: variable, baseUrl, region, project, location, resource },
    ...{ apiVersion, contextLength, organization, licence },
    features: features?.split(",").map((it) => it.trim()),
    prices: hasPrice ? withoutUndefined({ input, output, cachedInput }) : undefined,
    parameters: withoutUndefined({ temperature, topP, maxTokens }),
    fixed: withoutUndefined({ temperature: fixedTemperature }),
    anonymousOnly: options.anonymousOnly,
    systemPrompt: options.refuseSystemPrompts ? "refuse" : undefined,
  });
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function keyIdOf(keys: ProvidersView["keys"], word: string | undefined): string | null {
  if (word === undefined) return null;
  const key = keys.find(({ id, name }) => name === word || id === word);
  if (key !== undefined) return key.id;
  throw new AppError("not-found", {
    message: `There is no key of a provider \`${word}\`. \`npx parley providers keys add\` keeps one; --variable names a variable instead.`,
  });
}

function addList(models: Command, terminal: Terminal): void {
  models
    .command("list")
    .description("List the models, with what keeps them from being served.")
    .option(...JSON_FLAG)
    .action(async ({ json }: Json) => {
      const secret = getCookieSecret(terminal.root);
      const view = await withDatabase(terminal.root, (db) => readView(db, secret));
      terminal.write(json ? `${JSON.stringify({ models: view.models })}\n` : toTable(view));
    });
}

const STATES: Record<ExternalModelView["state"], string> = {
  off: "switched off",
  offered: "offered",
  waiting: "waiting for its worker",
  "key-missing": "key missing",
  "key-locked": "key cannot be opened",
  "key-withheld": "key not sent",
  refused: "refused by provider",
  "model-gone": "not there",
  faulty: "not served",
};

function toTable({ models, keys }: ProvidersView): string {
  if (models.length === 0) {
    return "There is no external model. `npx parley providers models add` adds one, `npx parley providers import` those of a file.\n";
  }
  const keyOf = ({ entry, keyId }: ExternalModelView) => {
    if (keyId !== null) return `key ${keys.find(({ id }) => id === keyId)?.name ?? keyId}`;
    const { variables } = PROVIDERS[entry.provider];
    const variable = CREDENTIAL_KEYS.flatMap((it) => entry[it] ?? []).at(0) ?? variables.key;
    return variable === undefined ? "no key" : `variable ${variable}`;
  };
  const rows = models.map((view) => [
    ...[view.entry.name, view.entry.provider, view.entry.model, keyOf(view)],
    STATES[view.state],
    view.problem ?? "",
  ]);
  return textTable(rows);
}

function addSwitches(models: Command, terminal: Terminal): void {
  for (const [command, isEnabled] of [
    ["enable", true],
    ["disable", false],
  ] as const) {
    models
      .command(command)
      .description(
        isEnabled
          ? "Switch a model on again."
          : "Switch a model off; what was entered of it stays.",
      )
      .argument("<model>", WORD)
      .option(...JSON_FLAG)
      .action(async (word: string, options: Json) => {
        const { id, entry } = await withDatabase(terminal.root, (db) =>
          enableExternalModel(db, word, isEnabled),
        );
        const line = `${entry.name} is switched ${isEnabled ? "on" : "off"}.`;
        tell(terminal, options, { id, name: entry.name, isEnabled }, line);
      });
  }
}

function addRemove(models: Command, terminal: Terminal): void {
  models
    .command("remove")
    .description("Delete a model; its answers, votes and its key stay.")
    .argument("<model>", WORD)
    .option(...JSON_FLAG)
    .action(async (word: string, options: Json) => {
      const name = await withDatabase(terminal.root, (db) => deleteExternalModel(db, word));
      tell(terminal, options, { name }, `${name} is deleted.`);
    });
}

function tell(terminal: Terminal, { json }: Json, said: object, line: string): void {
  terminal.write(json ? `${JSON.stringify(said)}\n` : `${plainLine(line)}\n`);
}
