/** Goal: a link to a picture draws what whoever copied it saw. Method: choices there and back, and addresses that say other things. */
import { expect, test } from "vitest";
import { SERIES_MAX } from "@/components/plots/history-layout";
import { FIRST_FIGURE, figureHash, readFigureHash } from "./figure-address";

test.each([
  [{}, "#figures-scores"],
  [{ figure: "battles", isAll: true }, "#figures-battles?all=true"],
  [{ figure: "win-rates", rates: "expected" }, "#figures-win-rates?rates=expected"],
  [{ figure: "trade", against: "first-token" }, "#figures-trade?against=first-token"],
  [{ figure: "history", models: [] }, "#figures-history?model="],
  [
    { figure: "history", models: ["org/a, b&c?", "模型#1"] },
    "#figures-history?model=org%2Fa%2C+b%26c%3F&model=%E6%A8%A1%E5%9E%8B%231",
  ],
] as const)("%j is %s, and read from it again", (change, hash) => {
  const choices = { ...FIRST_FIGURE, ...change };
  expect(figureHash(choices)).toBe(hash);
  expect(readFigureHash(hash)).toEqual(choices);
});

test("what is not understood is as if it were not there", () => {
  for (const hash of ["", "#figures", "#your-board", "#figures-horoscope?all=true"]) {
    expect(readFigureHash(hash)).toBeUndefined();
  }
  expect(readFigureHash("#figures-trade?against=weight&rates=x&all=1&more")).toEqual({
    ...FIRST_FIGURE,
    figure: "trade",
  });
  const many = Array.from({ length: 20 }, (_, index) => `model=m${index % 12}`).join("&");
  expect(readFigureHash(`#figures-history?${many}`)?.models).toHaveLength(SERIES_MAX);
});
