import { MODULE_PIECES_A_TURN } from "@/lib/upstream-limits";
import type { ModuleCall } from "./module-call";
import { type ReadPiece, readPiece, toPieces } from "./read-piece";

type Pieces = ReturnType<typeof toPieces>;

/**
 * Reads the pieces of one answer. Whoever leaves it early is free at once; the module's work may go on, and
 * `onEnd` is called when that is over, too.
 */
export class ModuleReader {
  readonly #call: ModuleCall;
  readonly #onEnd: () => void;
  #pieces: Pieces | undefined;
  /** What the module works on, which may settle long after everybody left. */
  #work: Promise<unknown>;
  #isDone = false;
  #count = 0;

  /** @param start calls the module; what it throws is thrown by `open`. */
  constructor(call: ModuleCall, start: () => unknown, onEnd: () => void) {
    this.#call = call;
    this.#onEnd = onEnd;
    this.#work = settled(start);
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  async open(): Promise<void> {
    this.#pieces = toPieces(await this.#wait());
  }

  /** Undefined at the end. */
  async next(): Promise<ReadPiece | undefined> {
    const pieces = this.#pieces;
    if (pieces === undefined || this.#isDone) return undefined;
    if (++this.#count % MODULE_PIECES_A_TURN === 0) await turn();
    this.#work = settled(() => pieces.next());
    const result = await this.#wait();
    // As the protocol of iterators has it, which a hand-made one may not keep to.
    const { done, value } = (result ?? {}) as { done?: boolean; value?: unknown };
    if (!done) return readPiece(value);
    this.#isDone = true;
    return undefined;
  }

  /** Nothing more is read. */
  leave(): void {
    if (this.#isDone) this.#onEnd();
    else void this.#stop().finally(this.#onEnd);
  }

  async #wait(): Promise<unknown> {
    try {
      return await this.#call.until(this.#work);
    } catch (error) {
      // Left, or else the module has thrown, and nothing comes after that.
      if (!this.#call.signal.aborted) this.#isDone = true;
      throw error;
    }
  }

  /** What a module says or throws when nobody listens any more is of no interest. */
  async #stop(): Promise<void> {
    const stopping = settled(() => this.#pieces?.return?.());
    const [begun] = await Promise.allSettled([this.#work, stopping]);
    // It was left before it had begun to answer.
    if (this.#pieces !== undefined || begun.status !== "fulfilled") return;
    await Promise.allSettled([settled(() => toPieces(begun.value).return?.())]);
  }
}

/** What a call gives or throws, as a promise either way. */
async function settled(work: () => unknown): Promise<unknown> {
  return await work();
}

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));
