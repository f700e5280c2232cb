import { expect, test } from "vitest";
import { type Missing, ReadinessCheck } from "./readiness";

/** A process whose database and picture are as told. */
function start() {
  const world: { missing: Missing | undefined; hasPicture: boolean } = {
    ...{ missing: undefined, hasPicture: true },
  };
  const check = new ReadinessCheck({
    check: async () => world.missing,
    whenCurrent: async () => {
      if (!world.hasPicture) throw new Error("never read");
    },
  });
  return { world, check };
}

test("a process that never had its database is not ready, whatever else it has", async () => {
  const { world, check } = start();
  world.missing = { what: "database" };
  expect(await check.ask()).toEqual({ status: "not-ready", missing: "database" });
  world.missing = { what: "migrations" };
  expect(await check.ask()).toEqual({ status: "not-ready", missing: "migrations" });
});

test("one that had it stays in service while it is away, and says so", async () => {
  const { world, check } = start();
  expect(await check.ask()).toEqual({ status: "ready" });
  world.missing = { what: "database" };
  expect(await check.ask()).toEqual({ status: "ready", degraded: "database" });
  world.hasPicture = false;
  expect(await check.ask()).toEqual({ status: "not-ready", missing: "database" });
  world.missing = { what: "migrations" };
  world.hasPicture = true;
  expect(await check.ask()).toEqual({ status: "not-ready", missing: "migrations" });
  world.missing = undefined;
  expect(await check.ask()).toEqual({ status: "ready" });
});

test("one that stops is not ready", async () => {
  const { check } = start();
  check.stop();
  expect(await check.ask()).toEqual({ status: "not-ready", missing: "stopping" });
});
