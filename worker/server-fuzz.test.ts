/**
 * Goal: whatever clients do, no slot leaks, every stream has one outcome and the totals agree.
 * Method: many clients at once over real sockets, each leaving at a random moment or staying to the
 * end; the seed is in the name of what fails.
 */
import { expect, test } from "vitest";
import { toAppError } from "@/lib/errors";
import { WorkerClient } from "@/lib/protocol/worker-client";
import { type Random, seededRandom } from "@/lib/util/random";
import { startTestWorker, TEST_SECRET, type TestWorker, testRequest } from "./server-testing";

const MODELS = [
  "mock/echo",
  "mock/long",
  "mock/random",
  "mock/fails-after-3-tokens",
  "mock/rejects",
];
const CLIENTS = 120;

async function visit(client: WorkerClient, worker: TestWorker, random: Random): Promise<string> {
  const abort = new AbortController();
  const model = MODELS[Math.floor(random() * MODELS.length)]!;
  const leaveAfter = random() < 0.5 ? Math.floor(random() * 8) : Number.POSITIVE_INFINITY;
  const byReturn = random() < 0.5;
  if (leaveAfter === 0) setImmediate(() => abort.abort());
  try {
    const call = { secret: TEST_SECRET, signal: abort.signal };
    let seen = 0;
    const request = testRequest(model, { maxTokens: 20 });
    for await (const event of await client.generate(worker.address, request, call)) {
      seen += 1;
      if (seen >= leaveAfter && byReturn) return "left";
      if (seen >= leaveAfter) abort.abort();
      if (event.type === "generation-end" || event.type === "generation-error") return event.type;
    }
    return "no end";
  } catch (error) {
    return toAppError(error).code;
  }
}

test("fuzz: clients that come, wait, leave and fail", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seededRandom(seed);
  const worker = await startTestWorker({ slots: 4, waitingMax: 40 });
  // All come at once: on a busy machine the first head may take longer than a healthy worker's.
  const client = new WorkerClient({ headMsMax: 30_000 });
  const outcomes = await Promise.all(
    Array.from({ length: CLIENTS }, () => visit(client, worker, random)),
  );
  const known = ["generation-end", "generation-error", "left", "client-closed", "overloaded"];
  expect(
    outcomes.filter((it) => !known.includes(it)),
    `seed ${seed}`,
  ).toEqual([]);
  expect(outcomes.filter((it) => it === "generation-end").length, `seed ${seed}`).toBeGreaterThan(
    0,
  );
  await worker.whenIdle();
  const load = worker.server.load();
  expect([load.running, load.waiting], `seed ${seed}`).toEqual([0, 0]);
  expect(load.counters.requests, `seed ${seed}`).toBeLessThanOrEqual(CLIENTS);
  expect(await visit(client, worker, () => 0.999)).toBe("generation-error");
  await client.close();
  await worker.close();
});
