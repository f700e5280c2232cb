import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { maskOf } from "./testing";
import { countAllowed, isAllowed, listAllowed } from "./token-mask";

test("fuzz: counts and lists what each bit says, and nothing beyond the vocabulary", () => {
  const seed = 1_331;
  const random = seededRandom(seed);
  for (let round = 0; round < 600; round++) {
    const size = 1 + Math.floor(random() * 300);
    const share = [0.02, 0.5, 0.98, 1][Math.floor(random() * 4)]!;
    const one = Math.floor(random() * size);
    const expected = Array.from({ length: size }, (_, id) => id === one || random() < share);
    // Bits beyond the vocabulary, in its last word and in further ones, are all set.
    const mask = maskOf(size + Math.floor(random() * 70), (id) => expected[id] ?? true);
    const ids = new Int32Array(size);
    const length = listAllowed(mask, size, ids);
    const label = `seed ${seed}, round ${round}`;
    expect(countAllowed(mask, size), label).toBe(expected.filter(Boolean).length);
    expect([...ids.subarray(0, length)], label).toEqual(
      [...expected.keys()].filter((id) => expected[id]),
    );
    expect([...expected.keys()].map((id) => isAllowed(mask, id))).toEqual(expected);
  }
});

test("a mask that allows nothing of the vocabulary, or is too short for it, is a mistake of ours", () => {
  expect(() => countAllowed(new Int32Array(3), 96)).toThrow(/allows a token/);
  const beyond = maskOf(64, (id) => id >= 40);
  expect(() => countAllowed(beyond, 40)).toThrow(/allows a token/);
  expect(countAllowed(beyond, 41)).toBe(1);
  expect(() => countAllowed(new Int32Array(2).fill(-1), 65)).toThrow(/a bit for every token/);
});
