import { TABLE_ROWS_MAX } from "@/lib/terminal-limits";
import { safeText, withoutTabs } from "../screen/safe-text";
import { faint, type Span } from "../screen/spans";
import { type Align, type Block, textBlock } from "./blocks";
import type { CodeColours, LineColours } from "./code-colours";

/** Code in deeper lists stands no further to the right. */
const FENCE_INDENT_MAX = 16;

type Fence = { mark: string; indent: number; colours: LineColours };

/**
 * Markdown that is still being written, line by line: a line that has ended is done and changes no more,
 * whatever follows, so that it can scroll away; what has not ended is shown as far as it is known. The
 * exception are tables, whose columns grow with their rows. Nothing that a text holds can put the reader out
 * of step: a fence that is never closed is code to the end, a table without rows is its head.
 */
export class MarkdownReader {
  readonly #colours: CodeColours;
  #done: Block[] = [];
  #rest = "";
  #fence: Fence | undefined;
  #table: Extract<Block, { type: "table" }> | undefined;
  /** Holds a bar, and may be a table's head. */
  #head: string | undefined;
  #isAfterBlank = true;

  constructor(colours: CodeColours) {
    this.#colours = colours;
  }

  /** Takes more of the text. Waits only for the colours of a language that is met for the first time. */
  async push(text: string): Promise<void> {
    const lines = (this.#rest + text).split("\n");
    // Half of a line end, or of a character of two.
    this.#rest = lines.pop() ?? "";
    for (const line of lines) await this.#takeLine(toLine(line.replace(/\r$/, "")));
  }

  /** The text is whole. */
  async end(): Promise<void> {
    if (this.#rest !== "") await this.#takeLine(toLine(this.#rest));
    this.#rest = "";
    this.#settle();
  }

  /** What changes no more, since the last call. */
  takeDone(): Block[] {
    const done = this.#done;
    this.#done = [];
    return done;
  }

  /** What may still change. */
  get growing(): Block[] {
    const line = toLine(this.#rest).replaceAll("\n", "");
    if (this.#fence)
      return line === "" || isFenceEnd(line, this.#fence, true) ? [] : [this.#codeLine(line)];
    if (this.#table) {
      const rows = line === "" ? this.#table.rows : [...this.#table.rows, toCells(line)];
      return [{ ...this.#table, rows, isGrowing: true }];
    }
    const head = this.#head === undefined ? [] : [textBlock(this.#head, true)];
    // Of what may become a fence or a table's second line nothing is to be seen yet.
    const isHeld = /^[ \t]*(?:`{1,2}|~{1,2}|`{3,}[^`]*|~{3,}.*|[-*_=][-*_= ]*)$/.test(line);
    const isRow = this.#head !== undefined && toCells(line).every((it) => /^:?-*:?$/.test(it));
    return line.trim() === "" || isHeld || isRow ? head : [...head, textBlock(line, true)];
  }

  async #takeLine(line: string): Promise<void> {
    if (this.#fence) return this.#takeCode(line, this.#fence);
    if (this.#head !== undefined) {
      const align = toAlign(line, toCells(this.#head).length);
      const head = this.#head;
      this.#head = undefined;
      if (align) {
        this.#table = { type: "table", rows: [toCells(head)], align, isGrowing: false };
        return;
      }
      this.#add(textBlock(head, false));
    }
    if (this.#table) {
      if (line.includes("|") && this.#table.rows.length < TABLE_ROWS_MAX) {
        this.#table.rows.push(toCells(line));
        return;
      }
      this.#settle();
    }
    const fence = readFence(line);
    if (fence) return this.#openFence(fence);
    if (line.trim() === "") {
      if (!this.#isAfterBlank) this.#done.push({ type: "text", first: [], rest: [], body: [] });
      this.#isAfterBlank = true;
    } else if (/(?<!\\)\|/.test(line)) this.#head = line;
    else this.#add(textBlock(line, false));
  }

  #settle(): void {
    if (this.#head !== undefined) this.#add(textBlock(this.#head, false));
    if (this.#table) this.#add(this.#table);
    this.#head = undefined;
    this.#table = undefined;
  }

  #add(block: Block): void {
    this.#done.push(block);
    this.#isAfterBlank = false;
  }

  async #openFence({ indent, mark, language }: ReturnType<typeof readFence> & object) {
    this.#fence = { mark, indent, colours: await this.#colours.open(language) };
    if (language !== "") this.#add({ type: "code", indent: indent + 2, body: [faint(language)] });
  }

  #takeCode(line: string, fence: Fence): void {
    if (isFenceEnd(line, fence, false)) this.#fence = undefined;
    else this.#add(this.#codeLine(line, true));
  }

  #codeLine(line: string, isWhole = false): Extract<Block, { type: "code" }> {
    const fence = this.#fence;
    const own = fence ? line.replace(new RegExp(`^ {0,${fence.indent}}`), "") : line;
    const body: Span[] = fence ? fence.colours[isWhole ? "add" : "peek"](own) : [];
    return { type: "code", indent: (fence?.indent ?? 0) + 2, body };
  }
}

const toLine = (text: string) => withoutTabs(safeText(text));

function readFence(line: string) {
  const [, space = "", mark] = /^( *)(`{3,}|~{3,})/.exec(line) ?? [];
  if (mark === undefined) return undefined;
  const said = line.slice(space.length + mark.length);
  // Backquotes further on: code within a line.
  if (mark.startsWith("`") && said.includes("`")) return undefined;
  const indent = Math.min(space.length, FENCE_INDENT_MAX);
  return { indent, mark, language: said.trim().split(/\s/)[0] ?? "" };
}

/** A line that is still being written may become the end with one mark alone. */
function isFenceEnd(line: string, { mark }: Fence, isGrowing: boolean): boolean {
  const text = line.trim();
  const letter = mark[0] ?? "`";
  const isOnlyMarks = text !== "" && [...text].every((it) => it === letter);
  return isOnlyMarks && (isGrowing || text.length >= mark.length);
}

function toCells(line: string): string[] {
  const inside = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return inside.split(/(?<!\\)\|/).map((it) => it.trim().replaceAll("\\|", "|"));
}

function toAlign(line: string, columns: number): Align[] | undefined {
  const cells = toCells(line);
  if (cells.length !== columns || !cells.every((it) => /^:?-+:?$/.test(it))) return undefined;
  return cells.map((it) => {
    if (it.endsWith(":")) return it.startsWith(":") ? "center" : "right";
    return "left";
  });
}
