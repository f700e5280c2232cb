import { expect, test } from "vitest";
import type { Fleet, FleetWorker } from "@/lib/controller/fleet";
import type { Offer } from "@/lib/controller/worker-picture";
import { RELAYED_MODELS_MAX } from "@/lib/fleet-limits";
import { workerCardSchema } from "@/lib/protocol/worker-card";
import { createId } from "@/lib/util/id";
import { toRelayCard, toRelayCounters, toRelayLoad } from "./relay-card";

const identity = { installationId: createId(), name: "site-a", version: "0.0.0", waitingMax: 9 };
const MODELS = ["b", "a"].map((name) => ({
  ...{ modelId: `id of ${name}`, name, createdAt: new Date(0) },
  description: { skills: [], examplePrompts: [] },
}));

function offer(name: string, changes: Partial<Offer> = {}): Offer {
  return {
    modelId: `id of ${name}`,
    build: "x",
    contextLength: 10,
    features: ["chat"],
    ...changes,
  };
}

function worker(offers: Offer[], changes: Partial<FleetWorker> = {}): FleetWorker {
  const counters = { requests: 1, failures: 2, promptTokens: 3, completionTokens: 4 };
  const busy = { load: 0, outstandingTokens: 0, tokensPerSecond: undefined };
  return { slots: 2, offers, counters, ...busy, ...changes };
}

function fleet(ready: FleetWorker[], changes: Partial<Fleet> = {}): Fleet {
  return { ready, models: MODELS, starting: [], parleys: [], ...changes };
}

test("all models in the order of their names, with the slots of all workers", () => {
  const card = toRelayCard(
    fleet([worker([offer("b")]), worker([offer("a")])]),
    identity,
    undefined,
  );
  expect(card).toMatchObject({ kind: "parley", name: "site-a", slots: 4, waitingMax: 9 });
  expect(card.models.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(workerCardSchema.parse(card)).toEqual(card);
});

test("the longest context and common features of one build; others are not spoken of", () => {
  const ready = [
    worker([offer("a", { features: ["chat", "tools", "resume", "continue"] })]),
    worker([offer("a", { contextLength: 30, features: ["resume", "chat", "continue"] })]),
    worker([offer("a", { build: "y", contextLength: 99, features: [] })]),
  ];
  expect(toRelayCard(fleet(ready), identity, undefined).models).toMatchObject([
    { name: "a", build: "x", contextLength: 30, features: ["chat", "resume"] },
  ]);
});

test("a build is that of most workers, and stays while anyone has it", () => {
  const old = worker([offer("a")]);
  const young = worker([offer("a", { build: "y" })]);
  const builds = (ready: FleetWorker[], before?: ReturnType<typeof toRelayCard>) => {
    const card = toRelayCard(fleet(ready), identity, before);
    return { card, build: card.models[0]?.build };
  };
  const first = builds([old]);
  expect(builds([old, young]).build).toBe("y");
  expect(builds([old, young, young], first.card).build).toBe("x");
  expect(builds([young, young], first.card).build).toBe("y");
  expect(builds([], first.card).build).toBeUndefined();
});

test("it stands for itself first, and for all that are beneath", () => {
  const beneath = [createId(), identity.installationId];
  const { parleys } = toRelayCard(fleet([], { parleys: beneath }), identity, undefined);
  expect(parleys).toEqual([identity.installationId, beneath[0]]);
});

test("more models than a card may name are left out by name", () => {
  const many = Array.from({ length: RELAYED_MODELS_MAX + 5 }, (_, index) => `m${1_000 + index}`);
  const models = many.map((name) => ({
    ...(MODELS[0] as (typeof MODELS)[0]),
    name,
    modelId: name,
  }));
  const ready = [worker(many.map((name) => offer(name, { modelId: name })))];
  const card = toRelayCard(fleet(ready, { models }), identity, undefined);
  expect(card.models.map(({ name }) => name)).toEqual(many.slice(0, RELAYED_MODELS_MAX));
});

test("the load is that of all workers, and of those who wait here", () => {
  const ready = [
    worker([], { load: 5, outstandingTokens: 70.4, tokensPerSecond: 9 }),
    worker([], { load: 1, outstandingTokens: 30, tokensPerSecond: undefined }),
  ];
  expect(toRelayLoad(fleet(ready), 7)).toEqual({
    ...{ running: 3, waiting: 10, outstandingTokens: 100, tokensPerSecond: 9 },
  });
  expect(toRelayCounters(fleet(ready))).toEqual({
    ...{ requests: 2, failures: 4, promptTokens: 6, completionTokens: 8 },
  });
});
