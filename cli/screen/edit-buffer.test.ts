import { expect, test } from "vitest";
import { EditBuffer } from "./edit-buffer";

test.each([
  ["a letter and its mark", "e\u0301", 1],
  ["a family of three", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}", 2],
  ["a hand with its colour", "\u{1f44d}\u{1f3fd}", 2],
  ["a flag", "\u{1f1e9}\u{1f1ea}", 2],
  ["a heart with its emoji mark", "\u2764\ufe0f", 2],
  ["a tab", "\t", 2],
  ["Japanese", "日本", 4],
  ["Hebrew", "שלום", 4],
  ["Devanagari", "नि", 1],
])("the cursor stands behind what is seen of %s", (_, text, columns) => {
  const buffer = new EditBuffer();
  // As a keyboard sends it.
  for (const letter of text) buffer.insert(letter);
  expect(buffer.text).toBe(text);
  expect(buffer.layout(20).cursor).toEqual({ row: 0, column: columns });
});

test("what joins the letter before it is one with it, and nothing else is", () => {
  const buffer = new EditBuffer();
  buffer.insert("ae");
  buffer.insert("\u0301");
  buffer.insert("\u{1f1e9}");
  buffer.insert("\u{1f1ea}\u{1f1eb}");
  buffer.insert("\u{1f1f7}");
  buffer.backspace();
  expect(buffer.text).toBe("ae\u0301\u{1f1e9}\u{1f1ea}");
  buffer.backspace();
  buffer.backspace();
  expect(buffer.text).toBe("a");
});

test("letters go in where the cursor is", () => {
  const buffer = new EditBuffer();
  buffer.insert("one\nthree");
  buffer.home();
  buffer.insert("two\n");
  expect(buffer.text).toBe("one\ntwo\nthree");
  expect(buffer.beforeCursor).toBe("one\ntwo\n");
});
