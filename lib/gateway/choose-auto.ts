import { AppError } from "@/lib/errors";
import { NO_WORKER_RETRY_AFTER_SECONDS } from "@/lib/fleet-limits";
import { ROUTE_CANDIDATES_MAX } from "@/lib/limits";
import type { ModelDefaults, Price } from "@/lib/protocol/catalog";
import { AUTO_MODEL, type AutoLimits } from "@/lib/protocol/routing";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import { type Candidate, mayUse } from "./candidate";
import { tellFirstToken } from "./first-token-times";

/** A model that is awake, as `auto` sees it. */
export type AutoModel = {
  name: string;
  features: readonly ModelFeature[];
  /** Undefined until it has votes enough. */
  rating: number | undefined;
  /** Undefined where nothing is charged. */
  price: Price | undefined;
  /** Median of the answers of late; undefined where there were none. */
  firstTokenMs: number | undefined;
  defaults: ModelDefaults;
};

export type AutoOptions = {
  models: readonly AutoModel[];
  /** All that the request needs of a model. */
  features: readonly ModelFeature[];
  limits: AutoLimits;
  /** Names of the caller's key; undefined for all. */
  allowed: readonly string[] | undefined;
};

/**
 * The models that `auto` may take, best-rated first and those without a rating last, by price and name.
 *
 * @throws AppError `no-worker`, `not-supported`, `forbidden` or `invalid-request`: what was too tight.
 */
export function chooseAuto({ models, features, limits, allowed }: AutoOptions): Candidate[] {
  if (models.length === 0) {
    const message = "No model is awake for `auto` to choose from. Try again in a few seconds.";
    const retryAfterSeconds = NO_WORKER_RETRY_AFTER_SECONDS;
    throw new AppError("no-worker", { message, param: "model", retryAfterSeconds });
  }
  const able = models.filter((it) => features.every((feature) => it.features.includes(feature)));
  if (able.length === 0) {
    const message = `No model that is awake can do what the request asks (${features.join(", ")}). Ask for less.`;
    throw new AppError("not-supported", { message, param: "model" });
  }
  const open = able.filter(({ name }) => mayUse(allowed, name, [AUTO_MODEL]));
  if (open.length === 0) {
    const message = "This API key may use none of the models that could answer. Use another key.";
    throw new AppError("forbidden", { message, param: "model" });
  }
  const foreign = limits.models?.find((it) => !mayUse(allowed, it));
  if (foreign !== undefined) {
    const message = `This API key may not ask for the model \`${foreign}\` by name; its list of models would have to name it. Remove it from \`routing.models\`.`;
    throw new AppError("forbidden", { message, param: "routing.models" });
  }
  const fitting = fitAll(open, limits);
  const best = fitting.toSorted(compare);
  return best.slice(0, ROUTE_CANDIDATES_MAX).map((model, index) => ({
    ...{ model: model.name, names: [AUTO_MODEL], targets: [], isSpare: false },
    defaults: model.defaults,
    why: explain(model, { rank: index + 1, fittingCount: best.length, openCount: open.length }),
  }));
}

type Rule = {
  param: string;
  limit: number | undefined;
  /** Of a model; undefined passes. */
  of(model: AutoModel): number | undefined;
  say(value: number): string;
};

/** One rule after the other, so that the one that leaves nobody can be named. */
function fitAll(models: readonly AutoModel[], limits: AutoLimits): readonly AutoModel[] {
  let fitting = models;
  if (limits.models) {
    const only = limits.models;
    fitting = models.filter(({ name }) => only.includes(name));
    if (fitting.length === 0) {
      const names = models.map(({ name }) => `\`${name}\``).slice(0, ROUTE_CANDIDATES_MAX);
      throw tooTight(
        "routing.models",
        `names no model that can answer; there are ${names.join(", ")}.`,
      );
    }
  }
  for (const { param, limit, of, say } of toRules(limits)) {
    if (limit === undefined) continue;
    const before = fitting;
    fitting = before.filter((model) => (of(model) ?? 0) <= limit);
    if (fitting.length > 0) continue;
    const [nearest] = before.toSorted((left, right) => (of(left) ?? 0) - (of(right) ?? 0));
    const value = nearest && of(nearest);
    throw tooTight(
      param,
      `leaves no model to answer: the nearest is \`${nearest?.name}\` with ${say(value ?? 0)}. Raise it.`,
    );
  }
  return fitting;
}

function toRules(limits: AutoLimits): Rule[] {
  const dollars = (value: number) => `$${value} a million tokens`;
  return [
    {
      param: "routing.max_price.prompt",
      limit: limits.promptPriceMax,
      of: ({ price }) => price?.prompt,
      say: dollars,
    },
    {
      param: "routing.max_price.completion",
      limit: limits.completionPriceMax,
      of: ({ price }) => price?.completion,
      say: dollars,
    },
    {
      param: "routing.max_first_token_ms",
      limit: limits.firstTokenMsMax,
      of: ({ firstTokenMs }) => firstTokenMs,
      say: tellFirstToken,
    },
  ];
}

function tooTight(param: string, predicate: string): AppError {
  return new AppError("invalid-request", { message: `\`${param}\` ${predicate}`, param });
}

function compare(left: AutoModel, right: AutoModel): number {
  const byRating =
    (right.rating ?? Number.NEGATIVE_INFINITY) - (left.rating ?? Number.NEGATIVE_INFINITY);
  // Infinity less itself is no number: neither has a rating.
  if (!Number.isNaN(byRating) && byRating !== 0) return byRating;
  return (
    (left.price?.completion ?? 0) - (right.price?.completion ?? 0) ||
    (left.name < right.name ? -1 : 1)
  );
}

type Standing = { rank: number; fittingCount: number; openCount: number };

function explain(model: AutoModel, { rank, fittingCount, openCount }: Standing): string {
  const place = rank === 1 ? "the best" : `number ${rank}`;
  const rating =
    model.rating === undefined
      ? "it has no rating yet, and such models come last"
      : `its rating is ${Math.round(model.rating)}`;
  const left = openCount - fittingCount;
  const limits = left > 0 ? `; ${left} beyond the limits` : "";
  const { price, firstTokenMs } = model;
  const cost = price ? `$${price.prompt} and $${price.completion} a million tokens` : "no price";
  const speed =
    firstTokenMs === undefined ? "no recent time to the first token" : tellFirstToken(firstTokenMs);
  return `auto took ${place} of ${fittingCount} models${limits}: ${rating}, with ${cost} and ${speed}.`;
}
