import { CHAT_FRAME_MS } from "@/lib/terminal-limits";

/** Draws when asked, and not more often than an eye sees. */
export class FrameClock {
  readonly #draw: () => void;
  #timer: NodeJS.Timeout | undefined;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  request(): void {
    if (this.#timer) return;
    const wait = this.#drawnAt + CHAT_FRAME_MS - performance.now();
    if (wait <= 0) this.flush();
    else this.#timer = setTimeout(() => this.flush(), wait);
  }

  /** Now, whatever was drawn a moment ago. */
  flush(): void {
    this.stop();
    this.#drawnAt = performance.now();
    this.#draw();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
