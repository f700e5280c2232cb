import { CHAT_LEAVE_MS_MAX, CHAT_PROMPT_CHARACTERS_MAX } from "@/lib/terminal-limits";
import { EditBuffer } from "./edit-buffer";
import type { Key, Keyboard } from "./keyboard";
import { LiveArea } from "./live-area";
import type { Screen } from "./screen";
import { faint, plain, type Span, spansWidth } from "./spans";

export type LineEditorOptions = {
  screen: Screen;
  keyboard: Keyboard;
  /** What arrow keys bring back, the oldest first. */
  history: () => readonly string[];
  /** What a word at the beginning may become. */
  complete: (text: string) => readonly string[];
};

/** Reads messages of one or many lines from a terminal. */
export class LineEditor {
  readonly #options: LineEditorOptions;

  constructor(options: LineEditorOptions) {
    this.#options = options;
  }

  /** What was typed; undefined: the person leaves. */
  async read(prompt: readonly Span[]): Promise<string | undefined> {
    const reading = new Reading(this.#options, prompt);
    try {
      return await reading.whenDone;
    } finally {
      reading.close();
    }
  }
}

/** Shift+Enter of terminals that tell it apart (the kitty keyboard protocol). */
const SHIFT_ENTER = "\x1b[13;2u";

class Reading {
  readonly whenDone: Promise<string | undefined>;
  readonly #options: LineEditorOptions;
  readonly #prompt: readonly Span[];
  readonly #area: LiveArea;
  readonly #buffer = new EditBuffer();
  readonly #undo: (() => void)[];
  #settle: (text: string | undefined) => void = () => {};
  /** In the history; its length: what is being typed. */
  #at: number;
  #draft = "";
  /** Since a paste began: its pieces. */
  #pasted: string[] | undefined;
  #isDrawing = false;
  #hint = "";
  #interruptedAt = Number.NEGATIVE_INFINITY;
  #isOver = false;

  constructor(options: LineEditorOptions, prompt: readonly Span[]) {
    this.#options = options;
    this.#prompt = prompt;
    this.#area = new LiveArea(options.screen);
    this.#at = options.history().length;
    this.whenDone = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#undo = [
      options.screen.onResize(() => this.#draw()),
      options.keyboard.onResume(() => {
        // The shell has written where we drew.
        this.#area.forget();
        this.#draw();
      }),
    ];
    this.#draw();
    const stop = options.keyboard.listen(
      (key) => this.#take(key),
      () => this.#finish(undefined),
    );
    this.#undo.push(stop);
  }

  close(): void {
    for (const step of this.#undo) step();
  }

  #finish(text: string | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#hint = "";
    // The cursor goes behind the last line, so that what follows stands below.
    this.#draw(true);
    this.#area.leave();
    for (const step of this.#undo) step();
    this.#settle(text);
  }

  #take(key: Key): void {
    this.#hint = "";
    if (key.name === "paste-start") this.#pasted = [];
    else if (key.name === "paste-end") this.#endPaste();
    else if (this.#pasted) this.#pasted.push(key.text);
    else if (key.name === "return" && !key.meta) this.#enter();
    else if (key.ctrl && key.name === "c") this.#interrupt();
    else if (key.ctrl && key.name === "d" && this.#buffer.isEmpty) this.#finish(undefined);
    else if (key.ctrl && key.name === "z") this.#options.keyboard.suspend();
    else this.#edit(key);
    if (this.#pasted === undefined) this.#drawSoon();
  }

  /** Letter by letter a paste would take time by the square of its length: one of 20,000 took 20 s. */
  #endPaste(): void {
    const text = this.#pasted?.join("") ?? "";
    this.#pasted = undefined;
    if (text !== "") this.#insert(text.replace(/\r\n?/g, "\n"));
  }

  /** Once for all that came with one piece of input. */
  #drawSoon(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    queueMicrotask(() => {
      this.#isDrawing = false;
      if (!this.#isOver) this.#draw();
    });
  }

  #enter(): void {
    const { beforeCursor, text } = this.#buffer;
    if (beforeCursor.endsWith("\\") && beforeCursor === text) {
      this.#buffer.backspace();
      this.#insert("\n");
    } else this.#finish(text);
  }

  #interrupt(): void {
    const now = performance.now();
    if (this.#buffer.isEmpty) {
      if (now - this.#interruptedAt < CHAT_LEAVE_MS_MAX) {
        this.#finish(undefined);
        return;
      }
      this.#interruptedAt = now;
      this.#hint = "Ctrl-C again, or Ctrl-D, leaves.";
    }
    this.#buffer.text = "";
    this.#at = this.#options.history().length;
  }

  #edit(key: Key): void {
    const buffer = this.#buffer;
    const word = key.ctrl ? `ctrl-${key.name}` : key.meta ? `meta-${key.name}` : key.name;
    const act = EDITS[word];
    if (act) act(buffer);
    else if (["meta-return", "meta-enter", "enter", "ctrl-j", SHIFT_ENTER].includes(word)) {
      this.#insert("\n");
    } else if (word === "up" || word === "ctrl-p") buffer.up() || this.#recall(-1);
    else if (word === "down" || word === "ctrl-n") buffer.down() || this.#recall(1);
    else if (word === "tab") this.#complete();
    else if (word === "ctrl-l") this.#clearScreen();
    else if (!key.ctrl && !key.meta && isWritten(key.text)) this.#insert(key.text);
  }

  #insert(text: string): void {
    if (this.#buffer.text.length + text.length > CHAT_PROMPT_CHARACTERS_MAX) {
      this.#hint = `A prompt has at most ${CHAT_PROMPT_CHARACTERS_MAX} characters.`;
    } else this.#buffer.insert(text);
  }

  #recall(step: number): void {
    const history = this.#options.history();
    const next = this.#at + step;
    if (next < 0 || next > history.length) return;
    if (this.#at === history.length) this.#draft = this.#buffer.text;
    this.#at = next;
    this.#buffer.text = history[next] ?? this.#draft;
  }

  #complete(): void {
    const found = this.#options.complete(this.#buffer.text);
    const common = found.reduce(commonStart, found[0] ?? "");
    if (common.length > this.#buffer.text.length) this.#buffer.text = common;
    else if (found.length > 1) this.#hint = found.join("  ");
  }

  #clearScreen(): void {
    this.#options.screen.write("\x1b[2J\x1b[H");
    this.#area.forget();
  }

  #draw(isLast = false): void {
    const { screen } = this.#options;
    const indent = spansWidth(this.#prompt);
    const { rows, cursor } = this.#buffer.layout(screen.columns - indent);
    const live = rows.map((row, index) => [
      ...(index === 0 ? this.#prompt : [plain(" ".repeat(indent))]),
      plain(row),
    ]);
    if (this.#hint !== "") live.push([faint(this.#hint.slice(0, screen.columns))]);
    const place = { row: cursor.row, column: cursor.column + indent };
    this.#area.draw(isLast ? { live } : { live, cursor: place });
  }
}

const EDITS: Record<string, (buffer: EditBuffer) => void> = {
  backspace: (it) => it.backspace(),
  delete: (it) => it.delete(),
  left: (it) => it.left(),
  right: (it) => it.right(),
  home: (it) => it.home(),
  end: (it) => it.end(),
  "ctrl-a": (it) => it.home(),
  "ctrl-e": (it) => it.end(),
  "ctrl-b": (it) => it.left(),
  "ctrl-f": (it) => it.right(),
  "ctrl-d": (it) => it.delete(),
  "ctrl-h": (it) => it.backspace(),
  "ctrl-k": (it) => it.deleteToEnd(),
  "ctrl-u": (it) => it.deleteToHome(),
  "ctrl-w": (it) => it.deleteWord(),
  "meta-backspace": (it) => it.deleteWord(),
  "ctrl-left": (it) => it.wordLeft(),
  "ctrl-right": (it) => it.wordRight(),
  "meta-left": (it) => it.wordLeft(),
  "meta-right": (it) => it.wordRight(),
  "meta-b": (it) => it.wordLeft(),
  "meta-f": (it) => it.wordRight(),
};

/** A letter, and no sequence of a key that means nothing here. */
const isWritten = (text: string) => text !== "" && !/^[\p{Cc}]/u.test(text);

function commonStart(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return one.slice(0, length);
}
