import { expect, test } from "vitest";
import { splitMarkdown } from "./markdown-blocks";

test("paragraphs are blocks", () => {
  expect(splitMarkdown("one\ntwo\n\nthree\n")).toEqual(["one\ntwo", "three"]);
  expect(splitMarkdown("")).toEqual([]);
});

test("a fence with blank lines stays whole, open or closed", () => {
  const fence = "```rust\nfn main() {\n\n}\n```";
  expect(splitMarkdown(`Look:\n${fence}\nafter`)).toEqual(["Look:", fence, "after"]);
  expect(splitMarkdown("```\na\n\nb")).toEqual(["```\na\n\nb"]);
});

test("a longer fence holds a shorter one", () => {
  const fence = "````md\n```\ncode\n```\n````";
  expect(splitMarkdown(`${fence}\n\nend`)).toEqual([fence, "end"]);
});

test("a loose list keeps its items and their code together", () => {
  const list = "1. first\n\n   ```\n   code\n\n   more\n   ```\n\n2. second";
  expect(splitMarkdown(`${list}\n\nText.`)).toEqual([list, "Text."]);
});

test("a table is one block", () => {
  const table = "| a | b |\n|---|---|\n| 1 | 2 |";
  expect(splitMarkdown(`Before\n\n${table}\n\nAfter`)).toEqual(["Before", table, "After"]);
});

test("what was a block while streaming stays one as text is added", () => {
  const text =
    "# Title\n\nA *word*.\n\n- one\n- two\n\n```js\nlet a = 1;\n\nlet b;\n```\n\nThe end.";
  for (let length = 0; length <= text.length; length++) {
    const joined = splitMarkdown(text.slice(0, length)).join("").replace(/\s/g, "");
    expect(joined).toBe(text.slice(0, length).replace(/\s/g, ""));
  }
});
