import { expect, test } from "vitest";
import { splitMarkdown, toBlock } from "./markdown-blocks";

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

test("a display formula is one block with its blank lines, open or closed", () => {
  const dollars = "$$\na\n\n= b\n$$";
  const brackets = "\\[\na\n\n- b\n\\]";
  expect(splitMarkdown(`So\n\n${dollars}\n\n${brackets}\n\nend`)).toEqual([
    "So",
    dollars,
    brackets,
    "end",
  ]);
  expect(splitMarkdown("$$\na\n\nb")).toEqual(["$$\na\n\nb"]);
  expect(splitMarkdown("$$a$$\n\nb")).toEqual(["$$a$$", "b"]);
});

test("dollars that open nothing do not swallow the rest", () => {
  const words = "word\n\n".repeat(1_000);
  expect(splitMarkdown(`$$ is money\n\n${words}`)).toHaveLength(1_001);
});

test("a fence is code as it stands", () => {
  expect(toBlock("```rust\nlet a;\n```")).toEqual({
    kind: "code",
    code: "let a;",
    language: "rust",
  });
  expect(toBlock("~~~\n```\n~~~~")).toEqual({ kind: "code", code: "```", language: "" });
  expect(toBlock("```c++ title=x\na\n``")).toEqual({
    kind: "code",
    code: "a\n``",
    language: "c++",
  });
  expect(toBlock("  ```\n    a\n  b\n c\n  ```")).toEqual({
    kind: "code",
    code: "  a\nb\nc",
    language: "",
  });
  expect(toBlock("```js")).toEqual({ kind: "code", code: "", language: "js" });
});
