import type { Answered, Answering, ChatStyle } from "./chat-style";
import { collectAnswer } from "./collect-answer";
import type { Turn } from "./conversation";
import { WordStream } from "./word-stream";

/** Where a plain style reads from and writes to. */
export type PlainIo = {
  read(prompt: string): Promise<string | undefined>;
  write(text: string): void;
  writeError(text: string): void;
  /** What a terminal may be shown of somebody else's text. */
  toShown(text: string): string;
  onInterrupt(act: () => void): () => void;
  close(): void;
};

export type PlainStyleOptions = {
  io: PlainIo;
  /** FastChat's `programmatic`: who speaks stands as `[!OP:role]: ` before each message. */
  isForPrograms: boolean;
};

/**
 * FastChat's styles `simple` and `programmatic`: the words as they come, without white space around them,
 * a role before each message and a line's end behind it (SimpleChatIO and ProgrammaticChatIO of its cli.py).
 */
export class PlainStyle implements ChatStyle {
  readonly isForPrograms: boolean;
  readonly #io: PlainIo;

  constructor({ io, isForPrograms }: PlainStyleOptions) {
    this.#io = io;
    this.isForPrograms = isForPrograms;
  }

  async read(role: string): Promise<string | undefined> {
    if (!this.isForPrograms) return this.#io.read(`${role}: `);
    const text = await this.#io.read("");
    if (text !== undefined) this.#io.write(`${this.#toMark(role)}${text}\n`);
    return text;
  }

  note(line: string): void {
    this.#io.write(`${this.#io.toShown(line)}\n`);
  }

  complain(line: string): void {
    this.#io.writeError(`${this.#io.toShown(line)}\n`);
  }

  async show(
    [user, assistant]: readonly [string, string],
    { prompt, answers, models }: Turn,
  ): Promise<void> {
    // FastChat says it again as it says answers.
    this.#say(user, this.isForPrograms ? prompt.trim() : prompt);
    for (const [index, text] of answers.entries()) {
      this.#say(answers.length > 1 ? (models[index] ?? assistant) : assistant, text);
    }
  }

  /** Both answers are written at once; the second is told when the first is. */
  async answer(
    role: string,
    answering: readonly Answering[],
    stop: AbortController,
  ): Promise<Answered[]> {
    const undo = this.#io.onInterrupt(() => stop.abort());
    try {
      const [first, ...others] = answering;
      if (!first) return [];
      const waiting = others.map((it) => collectAnswer(it, { onText() {} }, stop.signal));
      const answered = [await this.#stream(others.length > 0 ? first.model : role, first, stop)];
      for (const [index, it] of waiting.entries()) {
        const done = await it;
        answered.push(done);
        if (done.error === undefined) this.#say(others[index]?.model ?? role, done.text.trim());
      }
      return answered;
    } finally {
      undo();
    }
  }

  close(): void {
    this.#io.close();
  }

  async #stream(role: string, answering: Answering, stop: AbortController): Promise<Answered> {
    this.#io.write(this.#toMark(role));
    const words = new WordStream();
    const onText = (text: string) => this.#io.write(this.#io.toShown(words.push(text)));
    const answered = await collectAnswer(answering, { onText }, stop.signal);
    // FastChat's program is thrown out of its line.
    if (!this.isForPrograms || !answered.isStopped) this.#io.write("\n");
    return answered;
  }

  #say(role: string, text: string): void {
    this.#io.write(`${this.#toMark(role)}${this.#io.toShown(text)}\n`);
  }

  #toMark(role: string): string {
    return this.isForPrograms ? `[!OP:${role}]: ` : `${this.#io.toShown(role)}: `;
  }
}
