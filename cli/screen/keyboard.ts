import { emitKeypressEvents } from "node:readline";

/** One press: a letter (or a pasted piece) as it is, or a key by its name. */
export type Key = {
  text: string;
  name: string;
  ctrl: boolean;
  meta: boolean;
  shift: boolean;
};

/** Node's words for a press; of a sequence that it does not know it tells the sequence alone. */
type Press = { name?: string; ctrl: boolean; meta: boolean; shift: boolean; sequence?: string };

const BRACKETED_PASTE_ON = "\x1b[?2004h";
const BRACKETED_PASTE_OFF = "\x1b[?2004l";
/** Whatever was being drawn. */
const SHOW_CURSOR = "\x1b[?25h";

/**
 * The keys of a terminal, one by one, until it is closed. What nobody waits for is kept for whoever does
 * next: what is typed during an answer stands in the next prompt.
 */
export class Keyboard {
  readonly #input: NodeJS.ReadStream;
  readonly #write: (text: string) => void;
  readonly #early: Key[] = [];
  #take: ((key: Key) => void) | undefined;
  #onEnd: (() => void) | undefined;
  #interrupt: (() => void) | undefined;
  readonly #resumed = new Set<() => void>();
  #hasEnded = false;

  constructor(input: NodeJS.ReadStream, write: (text: string) => void) {
    this.#input = input;
    this.#write = write;
    emitKeypressEvents(input);
    input.on("keypress", this.#press);
    input.on("end", this.#end);
    process.on("SIGCONT", this.#continue);
    this.#resume();
  }

  /** Hands every key to `take`, the early ones first and soon, until the returned function is called. */
  listen(take: (key: Key) => void, onEnd: () => void): () => void {
    this.#take = take;
    this.#onEnd = onEnd;
    // Not before the caller can stop: what follows the end of one message is of the next.
    queueMicrotask(() => {
      while (this.#take === take) {
        const key = this.#early.shift();
        if (key === undefined) break;
        take(key);
      }
      if (this.#hasEnded && this.#onEnd === onEnd) onEnd();
    });
    return () => {
      if (this.#take === take) this.#take = undefined;
      if (this.#onEnd === onEnd) this.#onEnd = undefined;
    };
  }

  /** Calls `act` at Ctrl-C while nobody listens, until the returned function is called. */
  onInterrupt(act: () => void): () => void {
    this.#interrupt = act;
    return () => {
      if (this.#interrupt === act) this.#interrupt = undefined;
    };
  }

  /** Calls `act` when the shell has sent us on, until the returned function is called. */
  onResume(act: () => void): () => void {
    this.#resumed.add(act);
    return () => void this.#resumed.delete(act);
  }

  /** Ctrl-Z: the shell has the terminal until it sends us on. */
  suspend(): void {
    this.#release();
    // All of the job, as a terminal's own Ctrl-Z does: `npx` would wait for us, and the shell for `npx`.
    process.kill(0, "SIGTSTP");
  }

  close(): void {
    this.#input.off("keypress", this.#press);
    this.#input.off("end", this.#end);
    process.off("SIGCONT", this.#continue);
    this.#release();
    this.#input.pause();
  }

  readonly #resume = () => {
    this.#input.setRawMode(true);
    this.#input.resume();
    this.#write(BRACKETED_PASTE_ON);
  };

  readonly #continue = () => {
    this.#resume();
    for (const act of this.#resumed) act();
  };

  #release(): void {
    this.#write(BRACKETED_PASTE_OFF + SHOW_CURSOR);
    this.#input.setRawMode(false);
  }

  readonly #press = (text: string | undefined, press: Press) => {
    const { name = press.sequence ?? "", ctrl, meta, shift } = press;
    const key = { text: text ?? "", name, ctrl, meta, shift };
    this.#hand(key);
  };

  readonly #end = () => {
    this.#hasEnded = true;
    this.#onEnd?.();
  };

  /** A reader that has what it wanted leaves what follows to the next; an interrupt and a pause are for now. */
  #hand(key: Key): void {
    if (this.#take) {
      // Behind those that came before it.
      if (this.#early.length > 0) this.#early.push(key);
      else this.#take(key);
    } else if (key.ctrl && key.name === "z") this.suspend();
    else if (key.ctrl && key.name === "c") this.#interrupt?.();
    else this.#early.push(key);
  }
}
