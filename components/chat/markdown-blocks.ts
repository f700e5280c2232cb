/**
 * Splits Markdown into blocks that can be rendered alone. While an answer streams only its last block
 * changes, so only that one is parsed again; a fence, a table, a list or a formula is never cut.
 */
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const LIST_ITEM = /^ {0,3}([-*+]|\d{1,9}[.)])\s/;
const FORMULA = /^\s*(\$\$|\\\[)/;
/** As far as the end of a formula is looked for; find-formulas.ts takes none that is longer. */
const FORMULA_CHARACTERS_MAX = 4_000;

export function splitMarkdown(text: string): string[] {
  const blocks: string[] = [];
  let block: string[] = [];
  let fence: string | undefined;
  let formulaEnd: string | undefined;
  let isList = false;
  let offset = 0;
  const close = () => {
    if (block.some((line) => line.trim() !== "")) blocks.push(block.join("\n"));
    block = [];
    isList = false;
  };
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    const start = offset;
    offset += line.length + 1;
    if (formulaEnd !== undefined) {
      block.push(line);
      if (line.includes(formulaEnd)) formulaEnd = undefined;
      continue;
    }
    const mark = FENCE.exec(line)?.[1];
    if (fence !== undefined) {
      block.push(line);
      const isClosing = mark?.startsWith(fence) && line.trim() === mark;
      if (isClosing) {
        fence = undefined;
        if (!isList) close();
      }
      continue;
    }
    if (block.length === 0) isList = LIST_ITEM.test(line);
    if (mark !== undefined) {
      if (!isList) close();
      fence = mark;
    }
    if (mark === undefined) formulaEnd = openFormula(text, start, line);
    if (line.trim() === "" && !(isList && listGoesOn(lines, index))) close();
    else block.push(line);
  }
  close();
  return blocks;
}

/** What ends the formula that begins on this line and not ends on it; undefined where none does. */
function openFormula(text: string, start: number, line: string): string | undefined {
  const opening = FORMULA.exec(line);
  const from = opening?.[0].length ?? 0;
  const end = opening?.[1] === "$$" ? "$$" : "\\]";
  if (!opening || line.includes(end, from)) return undefined;
  const rest = text.slice(start + from, start + from + FORMULA_CHARACTERS_MAX);
  // One without an end is still being written, unless too much stands after it.
  return rest.includes(end) || rest.length < FORMULA_CHARACTERS_MAX ? end : undefined;
}

/** A loose list has blank lines inside; it ends where the next text is neither an item nor indented. */
function listGoesOn(lines: readonly string[], blankIndex: number): boolean {
  const next = lines.slice(blankIndex + 1).find((line) => line.trim() !== "");
  return next !== undefined && (LIST_ITEM.test(next) || /^(\s{2,}|\t)/.test(next));
}

export type MarkdownBlock =
  | { kind: "code"; code: string; language: string }
  | { kind: "plain"; text: string }
  | { kind: "markdown"; text: string };

/** What is parsed grows faster than the text in the worst cases, so a longer block is shown as it was written. */
const PARSED_CHARACTERS_MAX = 10_000;
/**
 * Texts that cost a parser seconds and mean nothing: 24 quotes or lists within each other, and runs of marks
 * against a word (10,000 asterisks around a letter: 40 s with micromark 4).
 */
const HOSTILE = /(?:>[ \t]*|(?:[-*+]|\d{1,9}[.)])[ \t]+){24}|[*_~]{64,}[^\s*_~]/;

/** Emphasis is matched by the square of its marks: 3,000 cost a second, and a table of bold words has 400. */
const EMPHASIS_MARKS_MAX = 1_000;

function isHostile(text: string): boolean {
  return HOSTILE.test(text) || (text.match(/[*_~]+/g)?.length ?? 0) > EMPHASIS_MARKS_MAX;
}

/** How a block of `splitMarkdown` is shown. A fence is code as it stands, however long. */
export function toBlock(text: string): MarkdownBlock {
  const fence = FENCE.exec(text);
  if (fence) return toCode(text, fence[1] ?? "```");
  if (text.length > PARSED_CHARACTERS_MAX || isHostile(text)) return { kind: "plain", text };
  return { kind: "markdown", text };
}

function toCode(text: string, mark: string): MarkdownBlock {
  const lines = text.split("\n");
  const [first = ""] = lines;
  const indent = first.length - first.trimStart().length;
  const last = lines.at(-1)?.trim() ?? "";
  const isClosed = lines.length > 1 && last.startsWith(mark) && /^(`+|~+)$/.test(last);
  const body = lines.slice(1, isClosed ? -1 : undefined);
  const language = /^[^\s`{]*/.exec(first.trim().slice(mark.length).trim())?.[0] ?? "";
  return {
    kind: "code",
    code: body
      .map((line) => (indent > 0 ? line.replace(INDENTS[indent] ?? "", "") : line))
      .join("\n"),
    language,
  };
}

/** A fence may stand in by up to three blanks, which its lines then lose. */
const INDENTS = [/^/, /^ {0,1}/, /^ {0,2}/, /^ {0,3}/];
