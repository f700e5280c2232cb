import { expect, test } from "vitest";
import { toLimitWords } from "./limit-words";

test("limits read as phrases, those at a model by its name", () => {
  const limits = {
    ...{
      requestsPerMinute: 60,
      tokensPerDay: 1_000_000,
      concurrentRequests: 2,
      dollarsPerDay: 0.5,
    },
    models: { "pico-l": { concurrentRequests: 1 } },
  };
  expect(toLimitWords(limits).map((words) => words.replaceAll("\u202f", " "))).toEqual([
    "60 requests a minute",
    "2 requests at once",
    "1 000 000 tokens a day",
    "$0.5 a day",
    "1 request at once at pico-l",
  ]);
  expect(toLimitWords({})).toEqual([]);
});
