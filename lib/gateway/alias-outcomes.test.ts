import { expect, test } from "vitest";
import type { AliasEntry } from "@/lib/catalog/catalog";
import { aliasSchema } from "@/lib/protocol/catalog";
import { AliasOutcomes } from "./alias-outcomes";

const definition = aliasSchema.parse({
  name: "x",
  targets: [{ model: "old" }, { model: "new" }],
  rollbackOn: { errorShareRise: 0.2, requestsMin: 10, windowSeconds: 60 },
});
const entry: AliasEntry = { ...definition, rollback: undefined, version: 7 };

function watch(alias = entry) {
  const outcomes = new AliasOutcomes();
  return (model: string, outcome: string, nowMs = 0, version = alias.version) =>
    outcomes.record(alias, { alias: "x", version, model }, { outcome, nowMs });
}

test("a target that fails more than the others is taken out, with the numbers", () => {
  const see = watch();
  for (let count = 0; count < 20; count++) expect(see("old", "stop")).toBeUndefined();
  for (let count = 0; count < 7; count++) expect(see("new", "length")).toBeUndefined();
  expect(see("new", "worker-lost")).toBeUndefined();
  expect(see("new", "worker-lost")).toBeUndefined();
  // The tenth: three of ten, against none of twenty.
  expect(see("new", "internal")).toBe(
    "3 of 10 requests failed within 60 s (30 %), 0 of 20 at the other targets (0 %).",
  );
});

test("a few good answers elsewhere are no reason to leave what serves nearly all", () => {
  const see = watch({ ...entry, rollbackOn: { ...entry.rollbackOn!, errorShareRise: 0.1 } });
  for (let count = 0; count < 10; count++) see("new", "stop");
  for (let count = 0; count < 1_000; count++) {
    expect(see("old", count % 8 === 7 ? "timeout" : "stop")).toBeUndefined();
  }
  // With sixty it is beyond chance.
  for (let count = 0; count < 50; count++) see("new", "stop");
  expect(see("old", "timeout")).toMatch(/^126 of 1001 .* 0 of 60/);
});

test("what has all the traffic is taken out for others that were asked nothing", () => {
  const see = watch();
  for (let count = 0; count < 9; count++) expect(see("old", "worker-lost")).toBeUndefined();
  expect(see("old", "worker-lost")).toMatch(/^10 of 10 .* 0 of 0 /);
  // Three of ten are more than one in five, and may be chance.
  const doubt = watch();
  for (let count = 0; count < 7; count++) doubt("old", "stop");
  for (let count = 0; count < 3; count++) expect(doubt("old", "worker-lost")).toBeUndefined();
});

test("too few requests say nothing", () => {
  const see = watch();
  for (let count = 0; count < 9; count++) see("old", "stop");
  for (let count = 0; count < 9; count++) expect(see("new", "timeout")).toBeUndefined();
});

test("what the caller did, a limit or a full worker says nothing of a target", () => {
  const see = watch();
  for (let count = 0; count < 9; count++) see("old", "stop");
  const codes = ["cancelled", "invalid-request", "context-length-exceeded", "rate-limited"];
  for (const code of [...codes, "quota-exceeded", "overloaded", "forbidden", "not-supported"]) {
    for (let count = 0; count < 20; count++) expect(see("new", code)).toBeUndefined();
  }
  // They were not counted as successes either.
  for (let count = 0; count < 9; count++) expect(see("new", "no-worker")).toBeUndefined();
  expect(see("new", "no-worker")).toMatch(/^10 of 10/);
});

test("when all fail alike, none is taken out", () => {
  const see = watch();
  for (let count = 0; count < 30; count++) {
    expect(see("old", "no-worker")).toBeUndefined();
    // The first few of one target stand alone for a moment; nine are too few to tell.
    expect(see("new", "no-worker")).toBeUndefined();
  }
});

test("what lies before the window is forgotten", () => {
  const see = watch();
  for (let count = 0; count < 9; count++) see("old", "stop", 61_000);
  for (let count = 0; count < 9; count++) see("new", "worker-lost", 0);
  expect(see("new", "worker-lost", 61_000)).toBeUndefined();
  for (let count = 0; count < 8; count++) see("new", "worker-lost", 61_000);
  expect(see("new", "worker-lost", 90_000)).toMatch(/^10 of 10/);
});

test("requests of an earlier version do not count", () => {
  const see = watch();
  for (let count = 0; count < 20; count++) {
    expect(see("new", "worker-lost", 0, entry.version - 1)).toBeUndefined();
  }
});

test("without a rule, with one target, or after a rollback, nothing is taken out", () => {
  const { rollbackOn: _, ...ruleless } = entry;
  const rollback = { model: "old", atMs: 0, reason: "" };
  const single = { ...entry, targets: [{ model: "new", weight: 1 }] };
  for (const alias of [ruleless, single, { ...entry, rollback }]) {
    const see = watch(alias);
    for (let count = 0; count < 20; count++) expect(see("new", "timeout")).toBeUndefined();
  }
});
