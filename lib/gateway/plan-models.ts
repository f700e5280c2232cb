import type { AliasEntry, Catalog } from "@/lib/catalog/catalog";
import { ALIAS_CHAIN_MAX, ROUTE_CANDIDATES_MAX, ROUTE_WAYS_MAX } from "@/lib/limits";
import { AUTO_MODEL } from "@/lib/protocol/routing";
import type { Random } from "@/lib/util/random";
import { type AliasTarget, type Candidate, mayUse, NO_DEFAULTS, type RoutePlan } from "./candidate";

/**
 * From the names that a request says to the models that may answer it, in order: `model`, then the
 * request's own `models`, then what operators said should stand in. Pure: chance is handed in.
 */

export type PlanOptions = {
  /** The request's `model`. */
  asked: string;
  /** The request's `models`. */
  models: readonly string[];
  catalog: Catalog;
  /** What `auto` comes to at the moment. */
  auto: readonly Candidate[];
  /** Names of the caller's key; undefined for all. */
  allowed: readonly string[] | undefined;
  /** Draws targets by weight; without it the heaviest comes first, always. */
  random: Random | undefined;
};

export function planModels(options: PlanOptions): RoutePlan {
  const { asked, models, catalog, auto, allowed, random } = options;
  const plain = models.length === 0 && asked !== AUTO_MODEL ? planPlain(asked, catalog) : undefined;
  if (plain) return plain;
  const plan = new Map<string, Candidate>();
  // Aliases that share models lead to them in many ways; so many are walked and no more.
  let ways = 0;
  const add = (found: Iterable<Candidate>) => {
    for (const candidate of found) {
      ways += 1;
      if (plan.size >= ROUTE_CANDIDATES_MAX || ways > ROUTE_WAYS_MAX) return;
      const before = plan.get(candidate.model);
      // Led to in two ways, a model is tried once: by the first for which the key gives leave, in that
      // one's place, or a key for an alias could name the target it wants.
      const mayBy = ({ model, names }: Candidate) => mayUse(allowed, model, names);
      if (before && (mayBy(before) || !mayBy(candidate))) continue;
      plan.delete(candidate.model);
      plan.set(candidate.model, candidate);
    }
  };
  const context = { catalog, random };
  const find = (name: string, why?: string) =>
    name === AUTO_MODEL
      ? auto
      : resolve(name, { names: [], targets: [], isSpare: false, why }, context);
  add(find(asked));
  const [first] = plan.values();
  for (const name of models) add(find(name, "It is next in the request's `models`."));
  for (const { model, names } of [...plan.values()]) {
    for (const fallback of catalog.settings.get(model)?.fallbacks ?? []) {
      const why = `It is set to stand in for ${model}.`;
      const trail = { names: [...new Set([...names, model])], targets: [], isSpare: false, why };
      add(resolve(fallback, trail, context));
    }
  }
  return { candidates: [...plan.values()], mirrors: first ? drawMirrors(first, context) : [] };
}

/** Of a name that leads to one model and nowhere else, as most do; undefined for any other. */
function planPlain(model: string, { aliases, settings }: Catalog): RoutePlan | undefined {
  const known = settings.get(model);
  if (aliases.has(model) || (known?.fallbacks?.length ?? 0) > 0) return undefined;
  const defaults = known?.defaults ?? NO_DEFAULTS;
  const why = undefined;
  const candidate = { model, names: [model], targets: [], defaults, isSpare: false, why };
  return { candidates: [candidate], mirrors: [] };
}

type Context = { catalog: Catalog; random: Random | undefined };
type Trail = {
  names: readonly string[];
  targets: readonly AliasTarget[];
  isSpare: boolean;
  why: string | undefined;
};

/**
 * The models that a name stands for, the drawn one of each alias first and its other targets after it. An
 * alias comes before a model of its name; met again on the way, the name means the model, so that an
 * alias may keep a share of the traffic with the model it hides, and no chain goes round.
 */
function* resolve(name: string, trail: Trail, context: Context): Generator<Candidate> {
  const { catalog, random } = context;
  const names = [...trail.names, name];
  const isMetAgain = trail.names.includes(name) || trail.targets.length >= ALIAS_CHAIN_MAX;
  const alias = isMetAgain ? undefined : catalog.aliases.get(name);
  if (alias === undefined) {
    const defaults = catalog.settings.get(name)?.defaults ?? NO_DEFAULTS;
    const { targets, isSpare, why } = trail;
    yield { model: name, names, targets, defaults, isSpare, why };
    return;
  }
  const live = liveTargets(alias);
  const drawn = live.length > 1 ? `One of its ${live.length} models was drawn.` : "";
  const why = [trail.why, `${name} is an alias.`, drawn].filter(Boolean).join(" ");
  for (const [index, { model }] of drawOrder(live, random).entries()) {
    const target = { alias: name, version: alias.version, model };
    const isSpare = trail.isSpare || index > 0;
    yield* resolve(model, { names, targets: [...trail.targets, target], isSpare, why }, context);
  }
}

/** Without the one that was taken out, unless it is the only one. */
function liveTargets({ targets, rollback }: AliasEntry): AliasEntry["targets"] {
  const live = targets.filter(({ model }) => model !== rollback?.model);
  return live.length > 0 ? live : targets;
}

/**
 * A race of exponential clocks: the first is drawn by weight, the second by weight among the rest, and so
 * on (Efraimidis and Spirakis, 2006).
 */
function drawOrder<T extends { weight: number }>(
  targets: readonly T[],
  random: Random | undefined,
): T[] {
  return targets
    .map((target) => ({
      target,
      at: random ? -Math.log(1 - random()) / target.weight : -target.weight,
    }))
    .sort((left, right) => left.at - right.at)
    .map(({ target }) => target);
}

/** Copies are drawn for the alias that was asked for and those behind it, each by its own share. */
function drawMirrors({ model, targets }: Candidate, { catalog, random }: Context): string[] {
  if (random === undefined) return [];
  const mirrors = targets.flatMap(({ alias }) => catalog.aliases.get(alias)?.mirrors ?? []);
  const drawn = mirrors.filter(({ share }) => random() < share).map((mirror) => mirror.model);
  return [...new Set(drawn)].filter((it) => it !== model);
}
