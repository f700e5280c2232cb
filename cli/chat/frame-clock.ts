import { CHAT_FRAME_MS } from "@/lib/terminal-limits";

/**
 * Draws when asked, not more often than an eye sees, and not for more than half of the time: a line of 100,000
 * letters takes longer to draw than a frame, and its pieces would wait for a drawing each.
 */
export class FrameClock {
  readonly #draw: () => void;
  #timer: NodeJS.Timeout | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  request(): void {
    if (this.#timer) return;
    const wait = this.#nextAt - performance.now();
    if (wait <= 0) this.flush();
    else this.#timer = setTimeout(() => this.flush(), wait);
  }

  /** Now, whatever was drawn a moment ago. */
  flush(): void {
    this.stop();
    const beganAt = performance.now();
    this.#draw();
    const endedAt = performance.now();
    this.#nextAt = Math.max(beganAt + CHAT_FRAME_MS, endedAt + (endedAt - beganAt));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
