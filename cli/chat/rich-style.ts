import { COMPARE_COLUMNS_MIN } from "@/lib/terminal-limits";
import { type Block, blockRows } from "../markdown/blocks";
import { type CodeColours, createCodeColours, noColours } from "../markdown/code-colours";
import { MarkdownReader } from "../markdown/markdown-reader";
import type { Keyboard } from "../screen/keyboard";
import { LineEditor } from "../screen/line-editor";
import { LiveArea } from "../screen/live-area";
import { safeText, withoutTabs } from "../screen/safe-text";
import type { Screen } from "../screen/screen";
import { faint, fitSpans, plain, type Span, STYLE, wrapSpans } from "../screen/spans";
import { plainLine } from "../text-table";
import type { ChatEvent } from "./chat-source";
import type { Answered, Answering, ChatStyle } from "./chat-style";
import { collectAnswer } from "./collect-answer";
import type { Turn } from "./conversation";
import { FrameClock } from "./frame-clock";

export type RichStyleOptions = {
  screen: Screen;
  keyboard: Keyboard;
  history: () => readonly string[];
  complete: (text: string) => readonly string[];
};

/** Markdown as it is written, for a person at a terminal. */
export class RichStyle implements ChatStyle {
  readonly isForPrograms = false;
  readonly #screen: Screen;
  readonly #keyboard: Keyboard;
  readonly #editor: LineEditor;
  readonly #colours: CodeColours;

  constructor({ screen, keyboard, history, complete }: RichStyleOptions) {
    this.#screen = screen;
    this.#keyboard = keyboard;
    this.#editor = new LineEditor({ screen, keyboard, history, complete });
    this.#colours = screen.isColoured ? createCodeColours() : noColours;
  }

  async read(_role: string): Promise<string | undefined> {
    return this.#editor.read([{ text: "> ", style: STYLE.green }]);
  }

  note(line: string): void {
    this.#print(linesOf(line).map((it) => [faint(it)]));
  }

  complain(line: string): void {
    this.#print(linesOf(line).map((it) => [{ text: it, style: STYLE.red }]));
  }

  async show(_roles: readonly [string, string], turn: Turn): Promise<void> {
    const mark = { text: "> ", style: STYLE.green };
    const lines = linesOf(turn.prompt);
    this.#print(lines.map((it, index) => [index === 0 ? mark : plain("  "), plain(it)]));
    for (const [index, text] of turn.answers.entries()) {
      if (turn.answers.length > 1) this.#print([headOf(turn.models[index] ?? "", index)]);
      const answer = new AnswerPane(this.#colours);
      await answer.push(text);
      await answer.end();
      this.#print([...answer.rows(this.#screen.columns), []]);
    }
  }

  async answer(
    _role: string,
    answering: readonly Answering[],
    stop: AbortController,
  ): Promise<Answered[]> {
    const undo = this.#keyboard.onInterrupt(() => stop.abort());
    try {
      return answering.length > 1
        ? await this.#answerBoth(answering, stop.signal)
        : await Promise.all(answering.map((it) => this.#answerOne(it, stop.signal)));
    } finally {
      undo();
    }
  }

  close(): void {
    this.#keyboard.close();
  }

  /** Lines that are finished scroll away; the one that is being written is drawn until it is. */
  async #answerOne(answering: Answering, signal: AbortSignal): Promise<Answered> {
    const pane = new AnswerPane(this.#colours);
    const area = new LiveArea(this.#screen);
    const frames = new FrameClock(() => {
      const width = this.#screen.columns;
      area.draw({ done: pane.takeDone(width), live: pane.growing(width) });
    });
    const undo = this.#redraw(area, frames);
    frames.flush();
    const answered = await collectAnswer(answering, listenerOf(pane, frames), signal);
    undo();
    frames.stop();
    await pane.end();
    const tail = pane.tail(answered);
    area.draw({ done: [...pane.takeDone(this.#screen.columns), ...tail, []], live: [] });
    return answered;
  }

  /**
   * Two answers grow at once, so that neither can scroll away: the end of both is shown while they are
   * written, and all of them when they are.
   */
  async #answerBoth(answering: readonly Answering[], signal: AbortSignal): Promise<Answered[]> {
    const panes = answering.map(() => new AnswerPane(this.#colours));
    const area = new LiveArea(this.#screen);
    const heads = answering.map(({ model }, index) => headOf(model, index));
    const rowsOf = (height: number | undefined) => {
      const { columns } = this.#screen;
      return columns < COMPARE_COLUMNS_MIN
        ? stacked(heads, panes, columns, height)
        : beside(heads, panes, columns, height);
    };
    const frames = new FrameClock(() => area.draw({ live: rowsOf(this.#screen.rows - 2) }));
    const undo = this.#redraw(area, frames);
    frames.flush();
    const answered = await Promise.all(
      answering.map((it, index) => {
        const pane = panes[index];
        return collectAnswer(it, pane ? listenerOf(pane, frames) : { onText() {} }, signal);
      }),
    );
    undo();
    frames.stop();
    for (const [index, pane] of panes.entries()) {
      await pane.end();
      const outcome = answered[index];
      if (outcome) pane.close(outcome);
    }
    area.draw({ done: [...rowsOf(undefined), []], live: [] });
    return answered;
  }

  /** As the terminal changes, and back from Ctrl-Z, when the shell has written where we drew. */
  #redraw(area: LiveArea, frames: FrameClock): () => void {
    const undo = [
      this.#screen.onResize(() => frames.request()),
      this.#keyboard.onResume(() => {
        area.forget();
        frames.request();
      }),
    ];
    return () => {
      for (const step of undo) step();
    };
  }

  #print(rows: readonly (readonly Span[])[]): void {
    const { columns } = this.#screen;
    const done = rows.flatMap((row) => wrapSpans(row, columns));
    new LiveArea(this.#screen).draw({ done, live: [] });
  }
}

/** Lines of somebody else's text, as wide as they are seen: a terminal moves a tab to a place of its own. */
const linesOf = (text: string) => withoutTabs(safeText(text)).split("\n");

function listenerOf(pane: AnswerPane, frames: FrameClock) {
  return {
    onText: async (text: string) => {
      await pane.push(text);
      frames.request();
    },
    onReasoning: (text: string) => {
      pane.think(text);
      frames.request();
    },
    onEnd: (end: Extract<ChatEvent, { type: "end" }>) => pane.tell(end),
  };
}

const headOf = (model: string, index: number): Span[] => [
  { text: `${"ab"[index] ?? "?"}: ${plainLine(model)}`, style: STYLE.bold },
];

/** One answer on the screen. */
class AnswerPane {
  readonly #reader: MarkdownReader;
  readonly #startedAt = performance.now();
  /** What is kept of it where it is drawn again as a whole. */
  readonly #blocks: Block[] = [];
  #taken = 0;
  #thought = "";
  #hasText = false;
  #end: Extract<ChatEvent, { type: "end" }> | undefined;
  #outcome: Answered | undefined;
  #hasEnded = false;

  constructor(colours: CodeColours) {
    this.#reader = new MarkdownReader(colours);
  }

  async push(text: string): Promise<void> {
    this.#hasText ||= text.trim() !== "";
    await this.#reader.push(text);
    this.#blocks.push(...this.#reader.takeDone());
  }

  think(text: string): void {
    this.#thought += text;
  }

  tell(end: Extract<ChatEvent, { type: "end" }>): void {
    this.#end = end;
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.#reader.end();
    this.#blocks.push(...this.#reader.takeDone());
  }

  close(outcome: Answered): void {
    this.#outcome = outcome;
  }

  /** Finished rows since the last call. */
  takeDone(width: number): Span[][] {
    const fresh = this.#blocks.slice(this.#taken);
    this.#taken = this.#blocks.length;
    return fresh.flatMap((block) => blockRows(block, width));
  }

  growing(width: number): Span[][] {
    if (!this.#hasText && !this.#hasEnded) return [[faint(this.#waiting(width))]];
    return this.#reader.growing.flatMap((block) => blockRows(block, width));
  }

  /** All of it. */
  rows(width: number): Span[][] {
    const done = this.#blocks.flatMap((block) => blockRows(block, width));
    if (this.#outcome)
      return [...done, ...this.tail(this.#outcome).flatMap((it) => wrapSpans(it, width))];
    return [...done, ...this.growing(width)];
  }

  /** What is said below it. */
  tail({ isStopped, error }: Answered): Span[][] {
    if (error !== undefined) return [];
    const seconds = ((performance.now() - this.#startedAt) / 1_000).toFixed(1);
    const tokens = this.#end?.completionTokens;
    const parts = [
      ...(isStopped ? ["stopped"] : []),
      ...(this.#end?.finishReason === "length" ? ["cut at its length"] : []),
      ...(tokens === undefined || tokens === null ? [] : [`${tokens} tokens`]),
      `${seconds} s`,
    ];
    return [[faint(parts.join(" · "))]];
  }

  #waiting(width: number): string {
    if (this.#thought === "") return "…";
    const line = plainLine(safeText(this.#thought.slice(-2 * width)).replaceAll("\n", " "));
    return `thinking: ${line.slice(-Math.max(1, width - 12))}`;
  }
}

const GUTTER = " │ ";

function beside(
  heads: readonly Span[][],
  panes: readonly AnswerPane[],
  width: number,
  height: number | undefined,
): Span[][] {
  const column = Math.floor((width - GUTTER.length) / 2);
  const columns = panes.map((pane, index) => [
    heads[index] ?? [],
    ...tailOf(pane.rows(column), height === undefined ? undefined : height - 1),
  ]);
  const length = Math.max(...columns.map((it) => it.length));
  return Array.from({ length }, (_, row) =>
    columns.flatMap((rows, index) => {
      const cell = fitSpans(rows[row] ?? [], column);
      return index === 0 ? cell : [faint(GUTTER), ...cell];
    }),
  );
}

function stacked(
  heads: readonly Span[][],
  panes: readonly AnswerPane[],
  width: number,
  height: number | undefined,
): Span[][] {
  const share = height === undefined ? undefined : Math.floor(height / panes.length) - 2;
  return panes.flatMap((pane, index) => [
    ...(index > 0 ? [[]] : []),
    fitSpans(heads[index] ?? [], width),
    ...tailOf(pane.rows(width), share),
  ]);
}

function tailOf(rows: Span[][], height: number | undefined): Span[][] {
  return height === undefined ? rows : rows.slice(-Math.max(1, height));
}
