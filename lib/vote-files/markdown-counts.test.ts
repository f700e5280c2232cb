import { expect, test } from "vitest";
import { countMarkdown } from "./markdown-counts";

// Each as the expressions of FastChat's script count it in Python.
test.each<[string, [headers: number, lists: number, bold: number]]>([
  ["# a\n## b\n####### c\n#d\n #e", [2, 0, 0]],
  ["#\ntext", [1, 0, 0]],
  ["text\n#", [0, 0, 0]],
  ["- a\n  * b\n+ c\n1. d\n  12. e\n1) f\n-g", [0, 5, 0]],
  ["-\n-\n-", [0, 2, 0]],
  ["**a** __b__ **c\nd** ** ", [0, 0, 3]],
  ["**a __b** c__", [0, 0, 2]],
  ["```\n# a\n- b\n**c**\n```\n# d", [1, 0, 0]],
  // Its fences match no backtick within, so that this block is not taken out.
  ["```\n# a `b`\n```", [1, 0, 0]],
  ["\u00a0- a\n\ufeff- b\n\u0661. c", [0, 2, 0]],
])("%j", (text, [headers, lists, bold]) => {
  expect(countMarkdown([text])).toEqual({ headers, lists, bold });
});

test("answers are counted together, and many empty lines cost no more than their number", () => {
  expect(countMarkdown(["# a", "# b"])).toEqual({ headers: 2, lists: 0, bold: 0 });
  expect(countMarkdown([`${"\n".repeat(200_000)}- a `]).lists).toBe(1);
});
