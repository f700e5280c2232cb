/** Goal: what was typed becomes a query that finds it, and an excerpt marks it. Method: pure. */
import { expect, test } from "vitest";
import { markText, toLikePattern, toParts, toSearchQuery } from "./search-query";

test("words, with the last one unfinished while it is typed", () => {
  expect(toSearchQuery("  ")).toBeUndefined();
  expect(toSearchQuery("red fo")).toEqual({ kind: "words", text: "red fo", isUnfinished: true });
  expect(toSearchQuery("red fox ")).toMatchObject({ isUnfinished: false });
  expect(toSearchQuery('"red fox"')).toMatchObject({ isUnfinished: false });
});

test("characters, where there are no blanks between words, or no words", () => {
  expect(toSearchQuery("首都は")).toEqual({ kind: "text", text: "首都は" });
  expect(toSearchQuery("=>")).toEqual({ kind: "text", text: "=>" });
  expect(toLikePattern("50%_\\")).toBe("%50\\%\\_\\\\%");
});

test("hits are parts of their own", () => {
  expect(toParts("a [1]fox[2] and [1]fox[2]", { start: "[1]", stop: "[2]" })).toEqual([
    { text: "a ", isHit: false },
    { text: "fox", isHit: true },
    { text: " and ", isHit: false },
    { text: "fox", isHit: true },
  ]);
  expect(markText("日本の首都は? (a+)", "首都")).toEqual([
    { text: "日本の", isHit: false },
    { text: "首都", isHit: true },
    { text: "は? (a+)", isHit: false },
  ]);
  expect(markText("a (A+) b", "(a+)")[1]).toEqual({ text: "(A+)", isHit: true });
});
