/**
 * Goal: whatever way an answer is cut into pieces, what is finished changes no more, and the end is the same.
 * Method: answers as models write them, whole and cut at seeded places, laid out as rows of text.
 */
import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { textWidth } from "../screen/cell-width";
import { wrapSpans } from "../screen/spans";
import { blockRows } from "./blocks";
import { createCodeColours, noColours } from "./code-colours";
import { MarkdownReader } from "./markdown-reader";

async function render(pieces: readonly string[], width = 40): Promise<string[]> {
  const reader = new MarkdownReader(noColours);
  const rows: string[] = [];
  const take = () => {
    const spans = reader.takeDone().flatMap((block) => blockRows(block, width));
    rows.push(
      ...spans.map((row) =>
        row
          .map(({ text }) => text)
          .join("")
          .trimEnd(),
      ),
    );
  };
  for (const piece of pieces) {
    await reader.push(piece);
    take();
    for (const block of reader.growing) blockRows(block, width);
  }
  await reader.end();
  take();
  return rows;
}

const ANSWER = `# Title ##
Some **bold**, *italic*, ~~struck~~ and \`code with **stars**\`, snake_case_words and 2 * 3 * 4.

- one
  - two [a link](https://example.com/a_(b)) here
1. first
- [ ] open
- [x] done
> quoted **words**

\`\`\`py
def f():
    return "**x**"
\`\`\`

| Name | Größe |
|:-----|------:|
| 日本 | 1 |
| **b** | 22 |

---
Unclosed **bold and \`code
A | b in a line
\\*no stars\\* and 3 < 4`;

test("an answer is what it should be", async () => {
  expect(await render([ANSWER])).toEqual([
    "Title",
    "Some bold, italic, struck and code with",
    "**stars**, snake_case_words and 2 * 3 *",
    "4.",
    "",
    "• one",
    "  • two a link",
    "    (https://example.com/a_(b)) here",
    "1. first",
    "☐ open",
    "☑ done",
    "│ quoted words",
    "",
    "  py",
    "  def f():",
    '      return "**x**"',
    "",
    "Name │ Größe",
    "─────┼──────",
    "日本 │     1",
    "b    │    22",
    "",
    "────────────────────────────────────────",
    "Unclosed **bold and `code",
    "A | b in a line",
    "*no stars* and 3 < 4",
  ]);
});

test("it is the same however it is cut", async () => {
  const whole = await render([ANSWER]);
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed);
    const pieces: string[] = [];
    for (let at = 0; at < ANSWER.length; ) {
      const next = at + 1 + Math.floor(random() * 9);
      pieces.push(ANSWER.slice(at, next));
      at = next;
    }
    expect(await render(pieces), `seed ${seed}`).toEqual(whole);
  }
});

test("no row is wider than the terminal, in any terminal", async () => {
  for (const width of [1, 2, 5, 12, 33]) {
    const reader = new MarkdownReader(noColours);
    await reader.push(`${ANSWER}\n| a | b |\n|---|---|\n| ${"x".repeat(50)} | 日本語日本語 |\n`);
    await reader.end();
    for (const block of reader.takeDone()) {
      for (const row of blockRows(block, width)) {
        // A wide letter needs two columns, whatever there are.
        const columns = row.reduce((sum, { text }) => sum + textWidth(text), 0);
        expect(columns, `${width}: ${JSON.stringify(row)}`).toBeLessThanOrEqual(Math.max(4, width));
      }
    }
  }
});

test("what is half-formed is shown as far as it is known, and long lines of marks end", async () => {
  const reader = new MarkdownReader(noColours);
  const seen = () =>
    reader.growing
      .flatMap((it) => blockRows(it, 80))
      .map((row) => row.map(({ text }) => text).join(""));
  await reader.push("**bo");
  expect(seen()).toEqual(["bo"]);
  await reader.push("ld** [link](htt");
  expect(seen()).toEqual(["bold link"]);
  await reader.push("ps://x.org)\n``");
  expect(seen()).toEqual([]);
  await reader.push("`js\nlet a = 1;");
  expect(seen()).toEqual(["  let a = 1;"]);
  for (const mark of ["[", "*", "_", "`", "~", "|", "<", "![", "**a ", "- ", "> ", "# ", "日"]) {
    const rows = await render([`${mark.repeat(20_000)}\nend`], 80);
    // Of a fence that never closes the rest is code.
    expect(rows.at(-1)?.trim(), mark).toBe("end");
  }
});

test("a tab takes the columns that it is given, wherever it stands", async () => {
  const text = "a\tb\n-\titem\n\n| a\tb | c |\n|---|---|\n| d\te | f |\n\n```\n\tcode\n```\n";
  expect(await render([text], 80)).toEqual([
    ...["a    b", "• item", "", "a    b │ c", "───────┼──", "d    e │ f", "", "      code"],
  ]);
});

test("code has its colours, and a string over lines keeps its own", async () => {
  const reader = new MarkdownReader(createCodeColours());
  await reader.push('```python\nx = """one\ntwo"""\n# end\n```\n');
  await reader.end();
  const rows = reader.takeDone().flatMap((block) => blockRows(block, 80));
  const styleOf = (text: string) => rows.flat().find((it) => it.text.includes(text))?.style;
  expect([styleOf("one"), styleOf("two"), styleOf("end")]).toEqual(["32", "32", "2"]);
});

test("rows break between words, and within what is longer than a row", () => {
  const rows = (text: string, width: number) =>
    wrapSpans([{ text, style: "" }], width).map((row) => row.map((it) => it.text).join(""));
  expect(rows("one two three", 7)).toEqual(["one two", "three"]);
  expect(rows("abcdefghij kl", 4)).toEqual(["abcd", "efgh", "ij", "kl"]);
  expect(rows("日本語です", 4)).toEqual(["日本", "語で", "す"]);
  expect(rows("a👩‍👩‍👧b", 3)).toEqual(["a👩‍👩‍👧", "b"]);
});
