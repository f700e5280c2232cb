import { Keyboard } from "../screen/keyboard";
import { LiveArea } from "../screen/live-area";
import type { Screen } from "../screen/screen";
import { faint, fitSpans, type Span } from "../screen/spans";

export type LiveStatusOptions = {
  screen: Screen;
  /** Absent: nobody types, and a signal ends it. */
  input: NodeJS.ReadStream | undefined;
  /** Whoever watches has seen enough. */
  onLeave: () => void;
};

/** A platform's rows at one place of a terminal, drawn anew as they change and as the terminal does. */
export class LiveStatus {
  readonly #screen: Screen;
  readonly #area: LiveArea;
  readonly #keyboard: Keyboard | undefined;
  readonly #ends: (() => void)[] = [];
  #rows: readonly Span[][] = [];
  #foot = "";

  constructor({ screen, input, onLeave }: LiveStatusOptions) {
    this.#screen = screen;
    this.#area = new LiveArea(screen);
    this.#ends.push(screen.onResize(this.#draw));
    process.on("SIGCONT", this.#returned);
    if (input === undefined) return;
    const keyboard = new Keyboard(input, (text) => screen.write(text));
    this.#keyboard = keyboard;
    keyboard.listen((key) => {
      if (key.ctrl && key.name === "z") keyboard.suspend();
      else if (key.text === "q" || (key.ctrl && (key.name === "c" || key.name === "d"))) onLeave();
    }, onLeave);
  }

  show(rows: readonly Span[][]): void {
    this.#rows = rows;
    const leave = this.#keyboard ? "q leaves" : "Ctrl-C ends";
    this.#foot = `${new Date().toLocaleTimeString()}, again each second; ${leave}.`;
    this.#draw();
  }

  /** The last rows stay, and the terminal is as it was before. */
  close(): void {
    for (const end of this.#ends) end();
    process.off("SIGCONT", this.#returned);
    this.#area.leave();
    this.#keyboard?.close();
  }

  readonly #draw = () => {
    const { columns } = this.#screen;
    const rows = this.#foot === "" ? [] : [...this.#rows, [faint(this.#foot)]];
    this.#area.draw({ live: rows.map((row) => trimEnd(fitSpans(row, columns))) });
  };

  /** Back from Ctrl-Z: the shell has written where we drew. */
  readonly #returned = () => {
    this.#area.forget();
    this.#draw();
  };
}

/** Spaces at a row's end would be broken into rows of their own by a narrower terminal. */
function trimEnd(row: Span[]): Span[] {
  const last = row.at(-1);
  return last?.text.trim() === "" ? row.slice(0, -1) : row;
}
