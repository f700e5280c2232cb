import type { AliasEntry, Catalog } from "@/lib/catalog/catalog";
import type { Controller } from "@/lib/controller/controller";
import type { AwakeModel } from "@/lib/controller/describe";
import { AppError } from "@/lib/errors";
import { NO_WORKER_RETRY_AFTER_SECONDS } from "@/lib/fleet-limits";
import type { Price } from "@/lib/protocol/catalog";
import { AUTO_MODEL } from "@/lib/protocol/routing";
import { visibilityOf } from "@/lib/protocol/visibility";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import { mayUse } from "./candidate";
import { namedCandidates } from "./named-candidates";
import { notServed } from "./not-served";
import { planModels } from "./plan-models";

const NAME_ALONE = { models: [], auto: [], allowed: undefined, random: undefined };

/** What can be asked for by name: a model, an alias of models, or `auto`. */
export type NamedModel = {
  name: string;
  /** Of an alias the least that its models hold. */
  contextLength: number;
  /** What it can be asked for; of an alias what all of its models can. */
  features: readonly ModelFeature[];
  createdAt: Date;
  organization?: string | undefined;
  price?: Price | undefined;
  /** What an alias stands for, as its keeper wrote it. */
  aliasOf?: readonly string[];
};

export type ListOptions = {
  controller: Controller;
  catalog: Catalog;
  /** Names of the caller's key; undefined for all. */
  allowed: readonly string[] | undefined;
};

/** All that can answer now and that the caller may use; an alias hides a model of its name. */
export async function listNamedModels(options: ListOptions): Promise<NamedModel[]> {
  const { controller, catalog, allowed } = options;
  const awake = (await controller.listNamedModels()).filter(({ isApi }) => isApi);
  const aliases = toAliases(awake, await planAliases(controller, catalog));
  const taken = new Set(aliases.map(({ name }) => name));
  const models = awake.filter(({ name }) => !taken.has(name) && name !== AUTO_MODEL).map(toNamed);
  const listed = [...models, ...aliases].filter(({ name }) => mayUse(allowed, name));
  const choices = awake.filter(
    ({ name, features }) => features.includes("chat") && mayUse(allowed, name, [AUTO_MODEL]),
  );
  return choices.length === 0 ? listed : [...listed, toAuto(choices)];
}

type PlannedAlias = {
  alias: AliasEntry;
  /** Models that may answer in its name. */
  models: readonly string[];
  /** Its targets that may be named. */
  targets: readonly string[];
};

async function planAliases(controller: Controller, catalog: Catalog): Promise<PlannedAlias[]> {
  const { aliases } = catalog;
  const plans = [...aliases.values()].map((alias) => {
    const { candidates } = planModels({ ...NAME_ALONE, asked: alias.name, catalog });
    return { alias, candidates };
  });
  const all = plans.flatMap(({ alias, candidates }) => [...alias.targets, ...candidates]);
  const hidden = (await controller.findHidden(all.map(({ model }) => model))) ?? new Set();
  return plans.map(({ alias, candidates }) => ({
    alias,
    models: namedCandidates(candidates, hidden, catalog).map(({ model }) => model),
    targets: alias.targets.flatMap(({ model }) => {
      return hidden.has(model) && !aliases.has(model) ? [] : [model];
    }),
  }));
}

/**
 * @throws AppError `forbidden` of what programs may not ask for, which is no secret unless battles alone have it;
 * then `model-not-found`, as of a name that nobody has.
 */
async function assertServed({ controller, catalog }: ListOptions, name: string): Promise<void> {
  const { candidates } = planModels({ ...NAME_ALONE, asked: name, catalog });
  const hidden = await controller.findHidden(candidates.map(({ model }) => model));
  const named = hidden ? namedCandidates(candidates, hidden, catalog) : candidates;
  if (named.length === 0) throw await controller.unknownModel(name);
  const isClosed = (it: string) => !visibilityOf(catalog.settings.get(it), undefined).api;
  if (named.every(({ model }) => isClosed(model))) throw notServed(name);
}

/**
 * Of what a key may not use it is not told whether it exists.
 *
 * @throws AppError `model-not-found`, or `no-worker` for one that is known and asleep.
 */
export async function getNamedModel(options: ListOptions, name: string): Promise<NamedModel> {
  const { controller, catalog, allowed } = options;
  const listed = await listNamedModels(options);
  const named = listed.find((it) => it.name === name);
  if (named) return named;
  if (!mayUse(allowed, name)) throw unknownModel(name, listed);
  await assertServed(options, name);
  const planned = (await planAliases(controller, catalog)).find(({ alias }) => alias.name === name);
  if (planned) {
    const models = planned.targets.map((it) => `\`${it}\``).join(", ");
    throw new AppError("no-worker", {
      message: `No worker is awake for what the alias \`${name}\` stands for (${models}). Try again in a few seconds.`,
      retryAfterSeconds: NO_WORKER_RETRY_AFTER_SECONDS,
    });
  }
  // Says why there is none, and throws.
  await controller.getModel(name);
  throw unknownModel(name, listed);
}

function unknownModel(name: string, listed: readonly NamedModel[]): AppError {
  const names = listed.map((it) => `\`${it.name}\``).join(", ");
  return new AppError("model-not-found", {
    message: `The model \`${name}\` does not exist, or this API key may not use it. ${names ? `Choose from ${names}.` : "It may use none that is awake."}`,
    param: "model",
  });
}

function toNamed(model: AwakeModel): NamedModel {
  const { name, contextLength, features, createdAt, description, price } = model;
  const { organization } = description;
  return { name, contextLength, features, createdAt, organization, price };
}

function featuresOf([first, ...others]: readonly AwakeModel[]): ModelFeature[] {
  const features = first?.features ?? [];
  return features.filter((it) => others.every((other) => other.features.includes(it)));
}

function toAliases(awake: readonly AwakeModel[], planned: readonly PlannedAlias[]): NamedModel[] {
  return planned.flatMap(({ alias: { name, version }, models, targets: aliasOf }) => {
    const behind = awake.filter((model) => models.includes(model.name));
    if (behind.length === 0) return [];
    const contextLength = Math.min(...behind.map((it) => it.contextLength));
    const [only, ...others] = behind;
    const price = others.length === 0 ? only?.price : undefined;
    const features = featuresOf(behind);
    return [{ name, contextLength, features, createdAt: new Date(version), aliasOf, price }];
  });
}

function toAuto(choices: readonly AwakeModel[]): NamedModel {
  return {
    name: AUTO_MODEL,
    contextLength: Math.min(...choices.map(({ contextLength }) => contextLength)),
    features: featuresOf(choices),
    createdAt: new Date(Math.max(...choices.map(({ createdAt }) => createdAt.getTime()))),
    aliasOf: choices.map(({ name }) => name),
  };
}
