import { expect, test } from "vitest";
import { matchesWildcard } from "./matches-wildcard";

test.each([
  ["gpt-4", "gpt-4", true],
  ["gpt-4-turbo", "gpt-4", false],
  ["gpt-4-turbo", "gpt-4*", true],
  ["gpt-4", "gpt-4*", true],
  ["an/gpt-4", "gpt-4*", false],
  ["an/gpt-4", "*gpt-4", true],
  ["a-b-c", "a*c", true],
  ["a-b-c", "a*b*c", true],
  ["ab", "a*b*b", false],
  ["aba", "ab*ba", false],
  ["abba", "ab*ba", true],
  ["a.b", "a?b", false],
  ["axb", "a.b", false],
  ["anything", "*", true],
  ["", "*", true],
  ["anything", "**", true],
])("%s is of the form %s: %s", (text, pattern, is) => {
  expect(matchesWildcard(text, pattern)).toBe(is);
});

test("a pattern of many stars ends at once", () => {
  expect(matchesWildcard("a".repeat(256), `${"*a".repeat(128)}b`)).toBe(false);
});
