import { expect, test } from "vitest";
import type { Reservation } from "@/lib/controller/places";
import { processSingleton } from "@/lib/util/process-singleton";
import type { Attempts } from "./attempts";
import { LifeSigns } from "./life-signs";
import { whileAlive } from "./while-alive";

let asked = 0;
/** The one of this process: its clock is far ahead, so that every call has been silent for long. */
const signs = processSingleton(
  "life-signs",
  () =>
    new LifeSigns({
      probe: async () => {
        asked += 1;
        return "refused";
      },
      now: () => performance.now() + 60_000,
    }),
);

const place = { workerId: "w", instanceId: "i", kind: "mock", address: "http://127.0.0.1:1" };
const open = (signal: AbortSignal, reservation: object = place) =>
  whileAlive(
    reservation as Reservation,
    { signal, controller: { visit: async () => undefined } } as unknown as Attempts,
    (given) =>
      new Promise<string>((_, reject) => {
        const onAbort = () => reject(given.reason);
        given.addEventListener("abort", onAbort, { once: true });
        if (given.aborted) onAbort();
      }),
  );

test("a call ends when its worker is given up, so that another one can be asked", async () => {
  const call = open(new AbortController().signal);
  const outcome = expect(call).rejects.toMatchObject({ code: "worker-lost" });
  await signs.look();
  await outcome;
});

test("it ends with its request, also with one that ended before it", async () => {
  const request = new AbortController();
  const call = open(request.signal);
  request.abort(new Error("it left"));
  await expect(call).rejects.toThrow("it left");
  await expect(open(request.signal)).rejects.toThrow("it left");
});

test("when it has ended its worker is asked no more", async () => {
  const { signal } = new AbortController();
  const before = asked;
  const attempts = { signal } as unknown as Attempts;
  expect(await whileAlive(place as Reservation, attempts, async () => "whole")).toBe("whole");
  await signs.look();
  expect(asked).toBe(before);
});
