import { PACE_TICK_MS } from "@/lib/arena-limits";
import type { Side } from "@/lib/protocol/arena-view";
import { assert } from "@/lib/util/assert";
import type { LiveAnswer } from "./live-answer";
import { Pacer } from "./pacer";

/** What becomes of text and ends on their way from models to readers. */
export interface Release {
  add(answer: LiveAnswer, text: string): void;
  /** Its model has come to its end. */
  end(answer: LiveAnswer): void;
  /** It ends where readers have it. */
  cut(answer: LiveAnswer): void;
  close(): void;
}

export type Readers = {
  tell: (answer: LiveAnswer, text: string) => void;
  /** These end now, together. */
  finish: (answers: readonly LiveAnswer[]) => void;
};

/** As it comes. */
export function releaseAtOnce({ tell, finish }: Readers): Release {
  return {
    add: tell,
    end: (answer) => finish([answer]),
    cut: (answer) => finish([answer]),
    close: () => {},
  };
}

/** Both sides at the pace of the slower one, on one tick for both. */
export class PacedRelease implements Release {
  readonly #pacer: Pacer;
  readonly #readers: Readers;
  readonly #bySide: Partial<Record<Side, LiveAnswer>> = {};
  readonly #timer: NodeJS.Timeout;

  constructor(
    answers: readonly LiveAnswer[],
    options: Readers & { charactersPerSecondMin: number },
  ) {
    this.#readers = options;
    this.#pacer = new Pacer(options);
    for (const answer of answers) this.#bySide[sideOf(answer)] = answer;
    // A side that is asked again alone has nobody to keep pace with.
    for (const side of ["a", "b"] as const) {
      if (!this.#bySide[side]) this.#pacer.end(side, performance.now());
    }
    this.#timer = setInterval(() => this.#tick(), PACE_TICK_MS);
  }

  add(answer: LiveAnswer, text: string): void {
    this.#pacer.add(sideOf(answer), text, performance.now());
  }

  end(answer: LiveAnswer): void {
    this.#pacer.end(sideOf(answer), performance.now());
  }

  cut(answer: LiveAnswer): void {
    this.#pacer.cut(sideOf(answer), performance.now());
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const ended: LiveAnswer[] = [];
    for (const { side, text, isEnd } of this.#pacer.take(performance.now())) {
      const answer = this.#bySide[side];
      if (!answer) continue;
      if (text !== "") this.#readers.tell(answer, text);
      if (isEnd) ended.push(answer);
    }
    if (ended.length > 0) this.#readers.finish(ended);
    if (this.#pacer.isDone) this.close();
  }
}

function sideOf({ planned }: LiveAnswer): Side {
  assert(planned.side !== null, "only pairs have a pace");
  return planned.side;
}
