import { expect, test } from "vitest";
import { PrefillPace } from "./prefill-pace";

/** Chunks and decode steps that a busy loop runs, as letters. */
function run(pace: PrefillPace, { chunkMs, decodeMs }: { chunkMs: number; decodeMs: number }) {
  let order = "";
  for (let step = 0; step < 12; step++) {
    while (pace.mayPrefill(true) && order.length < 24) {
      order += "c";
      pace.notePrefill(64, chunkMs);
    }
    order += "d";
    pace.noteDecode(decodeMs);
  }
  return order;
}

test("a long chunk is paid for by as many decode steps as take its time", () => {
  expect(run(new PrefillPace(), { chunkMs: 40, decodeMs: 10 })).toBe("cddddcddddcdddd");
});

test("short chunks run several to a step", () => {
  const order = run(new PrefillPace(), { chunkMs: 5, decodeMs: 10 });
  expect(order.startsWith("cdccdccdcc")).toBe(true);
});

test("with nobody decoding prompts run one chunk after the other", () => {
  const pace = new PrefillPace();
  for (let chunk = 0; chunk < 5; chunk++) {
    expect(pace.mayPrefill(false)).toBe(true);
    pace.notePrefill(64, 1_000);
  }
  // Whoever begins to decode then owes nothing for the time before.
  expect(pace.mayPrefill(false)).toBe(true);
  expect(pace.mayPrefill(true)).toBe(true);
});

test("a quiet hour of decoding earns one step's credit and no more", () => {
  const pace = new PrefillPace();
  for (let step = 0; step < 1_000; step++) pace.noteDecode(10);
  let chunks = 0;
  while (pace.mayPrefill(true)) {
    pace.notePrefill(64, 4);
    chunks++;
  }
  expect(chunks).toBe(3);
});

test("a pass joins as many chunks as take a second by what the last one took", () => {
  const pace = new PrefillPace();
  expect(pace.countJoined(64, 8)).toBe(1);
  pace.notePrefill(64, 10);
  expect(pace.countJoined(64, 8)).toBe(8);
  pace.notePrefill(512, 2_000);
  expect(pace.countJoined(64, 8)).toBe(4);
  pace.notePrefill(64, 5_000);
  expect(pace.countJoined(64, 8)).toBe(1);
});
