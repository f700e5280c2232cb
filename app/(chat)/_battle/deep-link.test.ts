import { expect, test } from "vitest";
import { readDeepLink } from "./deep-link";

test.each([
  [{ arena: "" }, "/"],
  [{ vision: "" }, "/"],
  [{ compare: "" }, "/compare"],
  [{ direct: "" }, "/chat"],
  [{ leaderboard: "" }, "/leaderboard"],
  [{ about: "" }, "/about"],
  [{ model: "pico-m" }, "/chat?model=pico-m"],
  [{ direct: "", model: "a/b & c" }, "/chat?model=a%2Fb%20%26%20c"],
  [{ model: ["one", "two"] }, "/chat?model=one"],
])("%j leads to %s", (query, path) => {
  expect(readDeepLink(query)).toBe(path);
});

test("other addresses stay", () => {
  expect(readDeepLink({})).toBeUndefined();
  expect(readDeepLink({ utm_source: "x", model: "" })).toBeUndefined();
});
