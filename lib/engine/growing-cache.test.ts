/**
 * Goal: what a pass is shown of a row is what was written to it, wherever the row has been since, and what
 * belongs to nobody is a number.
 * Method: random passes, moves and takeovers by seed, beside a list of tokens for each row on paper.
 */
import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { GrowingCache } from "./growing-cache";
import type { CacheSlot } from "./onnx/graph-signature";

const slot = (kind: string, dtype: CacheSlot["dtype"], headCount: number): CacheSlot => ({
  past: `past.${kind}`,
  present: `new.${kind}`,
  ...{ dtype, headCount, headSize: 2 },
});
const SLOTS = [slot("key", "float32", 2), slot("value", "float32", 1), slot("half", "float16", 1)];
const ROWS = 4;
const CAPACITY = 700;
/** Passes a seed. */
const PASSES = 150;

/** What a slot holds of a token: another number in each head and place, none of them a NaN's bits. */
const numberOf = (token: number, slotIndex: number, head: number, place: number) =>
  1 + ((token * 8 + slotIndex * 4 + head * 2 + place) % 20_000);

describe.each([false, true])("rows alone: %s", (runsRowsAlone) => {
  test.each([1, 2, 3])("a pass sees its rows' own tokens (seed %i)", (part) => {
    const seed = part * 1_000 + Math.floor(Math.random() * 1_000);
    const random = seededRandom(seed);
    const pick = (count: number) => Math.floor(random() * count);
    const cache = new GrowingCache(SLOTS, { rowCount: ROWS, capacity: CAPACITY, runsRowsAlone });
    cache.poison();
    const rows: number[][] = Array.from({ length: ROWS }, () => []);
    let token = 0;
    const say = (what: string) => `seed ${seed}: ${what}`;

    const runPass = () => {
      const rowCount = runsRowsAlone ? 1 : 1 + pick(ROWS);
      const row = pick(ROWS - rowCount + 1);
      const isDecode = rowCount > 1 || random() < 0.5;
      const length = isDecode ? 1 : 2 + pick(90);
      const starts = Array.from({ length: rowCount }, (_, at) => {
        const held = rows[row + at]!;
        // Now and then somebody else goes on from a part of what is there, or from nothing.
        const start = random() < 0.15 ? pick(held.length + 1) : held.length;
        held.length = start + length <= CAPACITY ? start : 0;
        return held.length;
      });
      const pass = { row, rowCount, starts, length };
      const { inputs, outputs, pastLength = 0 } = cache.begin(pass);
      expect(pastLength).toBeGreaterThanOrEqual(Math.max(...starts));
      if (runsRowsAlone) expect(pastLength).toBe(starts[0]);
      for (const [slotIndex, { past, headCount, headSize }] of SLOTS.entries()) {
        const [name, { data, dims }] = inputs[slotIndex]!;
        expect([name, dims]).toEqual([past, [rowCount, headCount, pastLength, headSize]]);
        let at = 0;
        for (const start of starts.keys()) {
          for (let head = 0; head < headCount; head++) {
            for (let index = 0; index < pastLength; index++) {
              for (let place = 0; place < headSize; place++) {
                const found = Number(data[at++]);
                const held = rows[row + start]!;
                const isOurs = index < starts[start]!;
                const isRight = isOurs
                  ? found === numberOf(held[index]!, slotIndex, head, place)
                  : found <= 20_001;
                if (!isRight) expect.fail(say(`row ${row + start}, token ${index}: ${found}`));
              }
            }
          }
        }
      }
      for (let at = 0; at < rowCount; at++) {
        for (let count = 0; count < length; count++) rows[row + at]!.push(token++);
      }
      for (const [slotIndex, { headCount, headSize }] of SLOTS.entries()) {
        const [, { data }] = outputs[slotIndex]!;
        let at = 0;
        for (let index = 0; index < rowCount; index++) {
          const news = rows[row + index]!.slice(-length);
          for (let head = 0; head < headCount; head++) {
            for (const it of news) {
              for (let place = 0; place < headSize; place++) {
                (data as Float32Array)[at++] = numberOf(it, slotIndex, head, place);
              }
            }
          }
        }
      }
      cache.finish(pass);
    };

    const move = () => {
      const [from, to] = [pick(ROWS), pick(ROWS)];
      if (from === to) return;
      if (random() < 0.5) {
        const length = Math.max(rows[from]!.length, rows[to]!.length);
        if (length > 0) cache.swapRows(from, to, length);
        [rows[from], rows[to]] = [rows[to]!, rows[from]!];
        return;
      }
      const length = pick(rows[from]!.length + 1);
      cache.copyRow(from, to, length);
      rows[to] = rows[from]!.slice(0, length);
    };

    for (let index = 0; index < PASSES; index++) {
      runPass();
      if (random() < 0.3) move();
      if (random() < 0.01) {
        cache.poison();
        for (const row of rows) row.length = 0;
      }
    }
  });
});

test("a window stays the same memory while rows grow within it, and shrinks when it is too large for long", () => {
  const cache = new GrowingCache(SLOTS, { rowCount: 2, capacity: 2_048, runsRowsAlone: false });
  const run = (starts: number[]) => {
    const pass = { row: 0, rowCount: 2, starts, length: 1 };
    const { inputs, pastLength } = cache.begin(pass);
    cache.finish(pass);
    return { tensor: inputs[0]![1], pastLength };
  };
  const first = run([300, 17]);
  expect(first.pastLength).toBe(320);
  expect(run([301, 18]).tensor).toBe(first.tensor);
  expect(run([600, 600]).pastLength).toBe(768);
  expect(run([20, 20]).pastLength).toBe(768);
  const later = Array.from({ length: 40 }, (_, at) => run([20 + at, 20 + at]).pastLength);
  expect(later.at(-1)).toBe(64);
  expect(run([0, 0]).pastLength).toBe(0);
});
