import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { paretoFront } from "./pareto-front";

const names = (items: readonly { name: string; cost: number; gain: number }[]) =>
  paretoFront(items).map((it) => it.name);

test("keeps what nothing beats, by rising cost", () => {
  const items = [
    { name: "best", cost: 9, gain: 100 },
    { name: "dear", cost: 10, gain: 90 },
    { name: "cheap", cost: 1, gain: 20 },
    { name: "middle", cost: 4, gain: 60 },
    { name: "worse", cost: 5, gain: 50 },
  ];
  expect(names(items)).toEqual(["cheap", "middle", "best"]);
});

test("of equal costs the better one stays, of equal gains the cheaper one, and twins both", () => {
  expect(
    names([
      { name: "low", cost: 1, gain: 1 },
      { name: "high", cost: 1, gain: 2 },
      { name: "late", cost: 3, gain: 2 },
      { name: "twin", cost: 1, gain: 2 },
    ]),
  ).toEqual(["high", "twin"]);
});

test("of nothing is nothing, of one that one", () => {
  expect(paretoFront([])).toEqual([]);
  expect(names([{ name: "only", cost: 0, gain: 0 }])).toEqual(["only"]);
});

test("is what comparing each with each gives", () => {
  const seed = 4_711;
  const random = seededRandom(seed);
  for (let round = 0; round < 50; round++) {
    const items = Array.from({ length: 30 }, (_, index) => ({
      ...{ name: String(index), cost: Math.floor(random() * 12), gain: Math.floor(random() * 12) },
    }));
    const isBeaten = (it: (typeof items)[number]) =>
      items.some(
        (other) =>
          (other.cost < it.cost && other.gain >= it.gain) ||
          (other.cost <= it.cost && other.gain > it.gain),
      );
    const wanted = items.filter((it) => !isBeaten(it)).map((it) => it.name);
    expect(names(items).sort(), `seed ${seed}, round ${round}`).toEqual(wanted.sort());
  }
});
