import { type Catalog, type CatalogCopy, catalog } from "@/lib/catalog/catalog";
import { writeRollback } from "@/lib/catalog/store";
import type { Controller } from "@/lib/controller/controller";
import type { AwakeModel } from "@/lib/controller/describe";
import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { type CurrentRatings, currentRatings } from "@/lib/leaderboard/current-ratings";
import { AUTO_MODEL, type RouteAsk } from "@/lib/protocol/routing";
import { visibilityOf } from "@/lib/protocol/visibility";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import { log } from "@/lib/telemetry/log";
import type { Meter } from "@/lib/usage/meter";
import { processSingleton } from "@/lib/util/process-singleton";
import type { Random } from "@/lib/util/random";
import { AliasOutcomes } from "./alias-outcomes";
import type { AliasTarget, Candidate, RoutePlan } from "./candidate";
import { chooseAuto } from "./choose-auto";
import { firstTokenTimes } from "./first-token-times";
import { gatewayMetrics } from "./gateway-metrics";
import { Mirrors } from "./mirrors";
import { namedCandidates } from "./named-candidates";
import { notServed } from "./not-served";
import { planModels } from "./plan-models";

export type RouterOptions = {
  db: Database;
  catalog: CatalogCopy;
  ratings: Pick<CurrentRatings, "get">;
  random?: Random;
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number;
};

/** What a request says of the models it wants. */
export type RouteRequest = {
  controller: Controller;
  /** The request's `model`. */
  asked: string;
  ask: RouteAsk;
  /** All that the request needs of a model. */
  features: readonly ModelFeature[];
  meter: Meter | undefined;
  /** Whether an alias takes another of its targets each time, by weight; else its heaviest. */
  isDrawn: boolean;
  /** This Parley asks for itself, as to have prompts labelled: what programs may not ask for is no matter. */
  isOfHouse?: boolean | undefined;
};

/** Chooses who answers each request of this process, and learns from how it went. */
export class Router {
  readonly mirrors = new Mirrors();
  readonly #db: Database;
  readonly #catalog: CatalogCopy;
  readonly #ratings: Pick<CurrentRatings, "get">;
  readonly #random: Random;
  readonly #now: () => number;
  readonly #outcomes = new AliasOutcomes();
  /** Aliases that are being rolled back: a target that is down fails many times before that is written. */
  readonly #rollingBack = new Set<string>();

  constructor({ db, catalog, ratings, random = Math.random, now }: RouterOptions) {
    this.#db = db;
    this.#catalog = catalog;
    this.#ratings = ratings;
    this.#random = random;
    this.#now = now ?? (() => performance.now());
  }

  /**
   * Who may answer, in order; there is always one.
   *
   * @throws AppError when `auto` finds nobody and nothing else was named, or `routing` stands without it.
   */
  async plan(request: RouteRequest): Promise<RoutePlan> {
    const { asked, ask, isDrawn } = request;
    const { models = [], limits } = ask;
    const known = this.#catalog.peek() ?? (await this.#catalog.get());
    const wantsAuto = asked === AUTO_MODEL || models.includes(AUTO_MODEL);
    if (limits !== undefined && !wantsAuto) {
      throw new AppError("invalid-request", {
        message: `\`routing\` says what \`model: "${AUTO_MODEL}"\` may choose; ask for that model, or remove it.`,
        param: "routing",
      });
    }
    const auto = wantsAuto ? await this.#auto(request) : [];
    const plan = planModels({
      ...{ asked, models, catalog: known, random: isDrawn ? this.#random : undefined },
      auto: auto instanceof AppError ? [] : auto,
      allowed: request.meter?.caller.key?.models,
    });
    if (plan.candidates.length === 0 && auto instanceof AppError) throw auto;
    // Nearly always known, and nobody of them hidden.
    const isOpen = plan.candidates.every((it) => request.controller.isHidden(it.model) === false);
    const named = isOpen ? plan : await withoutHidden(request, plan, known);
    return request.isOfHouse ? named : withoutClosed(request, named, known);
  }

  async #auto(request: RouteRequest): Promise<Candidate[] | AppError> {
    const { controller, ask, features, meter } = request;
    const [awake, ratings, { settings }] = await Promise.all([
      controller.listNamedModels(),
      this.#ratings.get(),
      this.#catalog.get(),
    ]);
    const nowMs = this.#now();
    const isOpen = ({ isApi }: AwakeModel) => isApi || request.isOfHouse === true;
    try {
      return chooseAuto({
        models: awake.filter(isOpen).map(({ name, features: able, price }) => ({
          ...{ name, features: able, price, rating: ratings.get(name) },
          defaults: settings.get(name)?.defaults ?? {},
          firstTokenMs: firstTokenTimes().median(name, nowMs),
        })),
        ...{ features, limits: ask.limits ?? {}, allowed: meter?.caller.key?.models },
      });
    } catch (error) {
      // Other names of the request may do.
      if (error instanceof AppError) return error;
      throw error;
    }
  }

  /** A request at a candidate ended; `outcome` is a reason to finish, `cancelled` or an error code. */
  sawOutcome({ targets }: Candidate, outcome: string): void {
    if (targets.length === 0) return;
    const known = this.#catalog.peek();
    // While the database is away nothing could be taken out.
    if (known === undefined) return;
    this.#outcomes.keep(known.aliases);
    for (const target of targets) {
      const alias = known.aliases.get(target.alias);
      if (alias === undefined) continue;
      const reason = this.#outcomes.record(alias, target, { outcome, nowMs: this.#now() });
      if (reason !== undefined) void this.#rollBack(target, reason);
    }
  }

  async #rollBack({ alias, version, model }: AliasTarget, reason: string): Promise<void> {
    if (this.#rollingBack.has(alias)) return;
    this.#rollingBack.add(alias);
    try {
      const rollback = { model, reason, atMs: Date.now() };
      const isOurs = await writeRollback(this.#db, { name: alias, version, rollback });
      if (isOurs) {
        gatewayMetrics.rollbacks.inc({ alias, model });
        log.warn({ alias, model, reason }, "alias rolled back");
      }
      await this.#catalog.refresh();
    } catch (error) {
      // The next failure there tries again.
      log.error({ err: error, alias, model }, "alias not rolled back");
    } finally {
      this.#rollingBack.delete(alias);
    }
  }
}

/**
 * Without the models that programs may not ask for, whichever name leads to them.
 *
 * @throws AppError `forbidden` when nobody is left.
 */
function withoutClosed({ asked }: RouteRequest, plan: RoutePlan, { settings }: Catalog): RoutePlan {
  const isOpen = ({ model }: Candidate) => visibilityOf(settings.get(model), undefined).api;
  if (plan.candidates.every(isOpen)) return plan;
  const candidates = plan.candidates.filter(isOpen);
  if (candidates.length === 0) throw notServed(asked);
  return { ...plan, candidates };
}

/** @throws AppError `model-not-found` when nobody is left whom a request may name. */
async function withoutHidden(
  { controller, asked }: RouteRequest,
  plan: RoutePlan,
  catalog: Catalog,
): Promise<RoutePlan> {
  const hidden = await controller.findHidden(plan.candidates.map(({ model }) => model));
  if (hidden === undefined) return plan;
  const candidates = namedCandidates(plan.candidates, hidden, catalog);
  if (candidates.length === 0) throw await controller.unknownModel(asked);
  return { ...plan, candidates };
}

/** The router of this process. */
export function router(): Router {
  return processSingleton(
    "router",
    () => new Router({ db: database(), catalog: catalog(), ratings: currentRatings() }),
  );
}
