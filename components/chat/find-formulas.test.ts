import { expect, test } from "vitest";
import { findFormulas } from "./find-formulas";

/** The formulas of a finished text, as `inline: tex` and `display: tex`. */
function found(text: string, isStreaming = false): string[] {
  return findFormulas(text, isStreaming).formulas.map(
    ({ tex, isDisplay, isOpen }) =>
      `${isOpen ? "open " : ""}${isDisplay ? "display" : "inline"}: ${tex}`,
  );
}

test("the four delimiters", () => {
  expect(found("Say $x_1$ and \\(y^2\\).")).toEqual(["inline: x_1", "inline: y^2"]);
  expect(found("$$\na+b\n$$\nand \\[ c \\]")).toEqual(["display: a+b", "display: c"]);
  expect(findFormulas("a $x$ b", false).text).toBe("a \uE0000\uE001 b");
});

test("prices and shell variables are text", () => {
  for (const text of [
    "It costs $5 and $6.",
    "From $5-$6 to $7.",
    "$10k, US$20k, $HOME/$PATH",
    "I have $ 5 $ here",
    "5$ or 6$",
    "\\$x\\$ stays",
    "$5 and\n$x",
    "$$",
    "$$$$",
  ]) {
    expect(found(text), text).toEqual([]);
  }
  expect(found("It costs $5 and $x$ is a formula.")).toEqual(["inline: x"]);
  expect(found("$a\\$b$")).toEqual(["inline: a\\$b"]);
});

test("code keeps its dollars", () => {
  for (const text of [
    "`$x$` and ``a ` $y$``",
    "```sh\necho $a$ \\(b\\)\n```",
    "> ~~~\n> $a$\n> ~~~",
    "- ```\n  $x$\n  ```",
    "```\nopen $x$",
  ]) {
    expect(found(text), text).toEqual([]);
  }
  expect(found("a ` and $x$")).toEqual(["inline: x"]);
  expect(found("```\na\n```\n$x$")).toEqual(["inline: x"]);
  expect(found("\\\\(no\\\\) \\(yes\\)")).toEqual(["inline: yes"]);
});

test("an open formula is held back while it is written, and is text once it will not close", () => {
  expect(found("so $$\\frac{1", true)).toEqual(["open display: \\frac{1"]);
  expect(found("so \\(\\frac{1", true)).toEqual(["open inline: \\frac{1"]);
  expect(found("so $x", true)).toEqual([]);
  expect(found("so $$\\frac{1", false)).toEqual([]);
});

test("what is too long or too many stays text, and hostile texts cost little", () => {
  expect(found(`$$${"x".repeat(4_001)}$$`)).toEqual([]);
  expect(found("$x$ ".repeat(600))).toHaveLength(500);
  for (const text of ["$", "$$", "\\(", "\\[", "`", "$a", "$$a", "\\\\", "$`", "```\n"]) {
    const hostile = text.repeat(100_000 / text.length);
    expect(findFormulas(hostile, true).formulas.length, text).toBeLessThanOrEqual(500);
  }
});
