import { expect, test } from "vitest";
import { BREAKER_FAULTS_MAX, BREAKER_OPEN_MS } from "@/lib/fleet-limits";
import { Breakers } from "./breakers";

const A = { workerId: "w", modelId: "a" };
const B = { workerId: "w", modelId: "b" };

test("what a worker does wrong is held against the model, its absence against all", () => {
  const breakers = new Breakers();
  for (let count = 0; count < BREAKER_FAULTS_MAX; count++) {
    breakers.failed(A, { code: "internal", nowMs: 0 });
  }
  expect(breakers.admittance(A, 0)).toMatchObject({ state: "open", hasBeaten: true });
  expect(breakers.admittance(B, 0).state).toBe("closed");
  expect(breakers.view("w", 0)).toMatchObject({ state: "open", reason: "It failed of itself." });
  breakers.failed(B, { code: "timeout", nowMs: 0 });
  expect(breakers.admittance(B, 0)).toEqual({ state: "open", isTrying: false, hasBeaten: false });
  breakers.beat("w");
  expect(breakers.admittance(B, 0).hasBeaten).toBe(true);
});

test("an answer that breaks off is the model's fault, a connection that is refused the worker's", () => {
  const breakers = new Breakers();
  const lost = { code: "worker-lost" as const, nowMs: 0 };
  breakers.failed(A, { ...lost, hasStarted: true });
  expect(breakers.admittance(A, 0).state).toBe("closed");
  breakers.failed(A, lost);
  expect(breakers.admittance(B, 0).state).toBe("open");
});

test("one request finds out for the worker and its model at once", () => {
  const breakers = new Breakers({ faultsMax: 1 });
  breakers.failed(A, { code: "internal", nowMs: 0 });
  breakers.failed(A, { code: "timeout", nowMs: 0 });
  const nowMs = BREAKER_OPEN_MS;
  expect(breakers.admittance(A, nowMs)).toMatchObject({ state: "half-open", isTrying: false });
  const trials = breakers.begin(A);
  expect(breakers.admittance(A, nowMs).isTrying).toBe(true);
  // Whether the worker is there is found out for its other models too.
  expect(breakers.admittance(B, nowMs).isTrying).toBe(true);
  expect(breakers.succeeded(A, trials)).toBe(true);
  breakers.finished(A, nowMs);
  breakers.end(A, trials);
  expect(breakers.view("w", nowMs)).toEqual({ state: "closed", failures: 0 });
});

test("whoever is told of openings hears each once, and a new life begins closed", () => {
  const breakers = new Breakers();
  const told: string[] = [];
  const stop = breakers.onOpen((id) => told.push(id));
  for (let count = 0; count < 3; count++) breakers.failed(A, { code: "timeout", nowMs: 0 });
  // No faults of a worker's.
  for (const code of ["overloaded", "context-length-exceeded", "client-closed"] as const) {
    breakers.failed({ workerId: "other" }, { code, nowMs: 0 });
  }
  expect(told).toEqual(["w"]);
  stop();
  breakers.forget("w");
  expect(breakers.view("w", 0).state).toBe("closed");
  breakers.failed(A, { code: "timeout", nowMs: 0 });
  breakers.keep(new Set(["other"]));
  expect(breakers.admittance(A, 0).state).toBe("closed");
  expect(told).toEqual(["w"]);
});
