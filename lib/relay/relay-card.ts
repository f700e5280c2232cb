import { hostname } from "node:os";
import type { Fleet, FleetModel } from "@/lib/controller/fleet";
import type { Offer } from "@/lib/controller/worker-picture";
import { PARLEYS_BENEATH_MAX, RELAYED_MODELS_MAX } from "@/lib/fleet-limits";
import { toContextLength } from "@/lib/protocol/operator-card";
import type { LiveLoadReport, WorkerLoad } from "@/lib/protocol/registration";
import type { ModelOffer, WorkerCard } from "@/lib/protocol/worker-card";

/**
 * All workers of this Parley as one worker of another. Pure.
 */

export type RelayIdentity = {
  installationId: string;
  /** For people. */
  name: string;
  version: string;
  /** Requests that may wait here for one model. */
  waitingMax: number;
};

/** @param before what was said last: a model keeps its build while anybody offers it. */
export function toRelayCard(
  fleet: Fleet,
  { installationId, ...said }: RelayIdentity,
  before: WorkerCard | undefined,
): WorkerCard {
  const builds = new Map(before?.models.map(({ name, build }) => [name, build]));
  const models = fleet.models
    .flatMap((model) => toModelOffer(fleet, model, builds.get(model.name)) ?? [])
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .slice(0, RELAYED_MODELS_MAX);
  const beneath = fleet.parleys.filter((id) => id !== installationId);
  return {
    ...{ kind: "parley", ...said, host: hostname().slice(0, 253) },
    parleys: [installationId, ...beneath].slice(0, PARLEYS_BENEATH_MAX),
    // A model with fewer has its own queue here, which is fair to all that wait in it.
    slots: Math.max(1, sum(fleet.ready.map(({ slots }) => slots))),
    models,
  };
}

/**
 * What can be promised of a model: one build, since the workers of one build alone write the same text; the
 * longest context among them, since a longer prompt finds that worker; and what all of them can do, since
 * features that are only spread over several are of no use to one request. Answers that their tokens alone
 * decide go on here, among these workers, and nowhere else.
 */
function toModelOffer(
  { ready }: Fleet,
  { modelId, name, description, price, card }: FleetModel,
  buildBefore: string | undefined,
): ModelOffer | undefined {
  const offers = ready.flatMap((worker) => worker.offers.filter((it) => it.modelId === modelId));
  const build = pickBuild(offers, buildBefore);
  const same = offers.filter((offer) => offer.build === build);
  const [first] = same;
  if (build === undefined || first === undefined) return undefined;
  return {
    ...{ name, build, description },
    ...(price !== undefined && { price }),
    contextLength: toContextLength(Math.max(...same.map((it) => it.contextLength)), card),
    features: first.features.filter(
      (it) => it !== "continue" && same.every(({ features }) => features.includes(it)),
    ),
  };
}

/** The build that was told before, while it is there; else the one that most workers have, the latest of those. */
function pickBuild(offers: readonly Offer[], before: string | undefined): string | undefined {
  const counts = new Map<string, number>();
  for (const { build } of offers) counts.set(build, (counts.get(build) ?? 0) + 1);
  if (before !== undefined && counts.has(before)) return before;
  const most = Math.max(0, ...counts.values());
  return offers.findLast(({ build }) => counts.get(build) === most)?.build;
}

/** What all workers have to do, whoever asked for it, and `queued` here for none of them yet. */
export function toRelayLoad({ ready }: Fleet, queued: number): LiveLoadReport {
  const speeds = ready.flatMap(({ tokensPerSecond }) => tokensPerSecond ?? []);
  // A request gets what it gets at any of the slots, each as likely.
  const shown = ready.filter((it) => it.tokensPerRequestSecond !== undefined);
  const each =
    sum(shown.map(({ tokensPerRequestSecond = 0, slots }) => tokensPerRequestSecond * slots)) /
    sum(shown.map(({ slots }) => slots));
  return {
    running: sum(ready.map(({ load, slots }) => Math.min(load, slots))),
    waiting: queued + sum(ready.map(({ load, slots }) => Math.max(0, load - slots))),
    outstandingTokens: Math.round(sum(ready.map((worker) => worker.outstandingTokens))),
    // Of those that have shown it; an unknown one adds nothing, and is no reason to say nothing.
    ...(speeds.length > 0 && { tokensPerSecond: sum(speeds) }),
    ...(shown.length > 0 && { tokensPerRequestSecond: each }),
  };
}

/** Totals of the workers that are here now: they fall when one goes. */
export function toRelayCounters({ ready }: Fleet): WorkerLoad["counters"] {
  const total = (name: keyof WorkerLoad["counters"]) =>
    sum(ready.map(({ counters }) => counters[name]));
  return {
    ...{ requests: total("requests"), failures: total("failures") },
    ...{ promptTokens: total("promptTokens"), completionTokens: total("completionTokens") },
  };
}

const sum = (counts: readonly number[]) => counts.reduce((total, it) => total + it, 0);
