import type { ConversationEvent } from "@/lib/protocol/conversation-view";

/** No frame comes in a hidden tab; there the events wait this long. */
const HIDDEN_FRAME_MS = 250;

/** Deltas gather until the next frame, so that a fast model costs one render a frame and not one a token. */
export class FrameQueue {
  #events: ConversationEvent[] = [];
  #cancel: (() => void) | undefined;
  readonly #deliver: (events: readonly ConversationEvent[]) => void;

  constructor(deliver: (events: readonly ConversationEvent[]) => void) {
    this.#deliver = deliver;
  }

  push(event: ConversationEvent): void {
    this.#events.push(event);
    if (event.type === "turn-start" || event.type === "turn-end") this.flush();
    else this.#schedule();
  }

  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const events = this.#events;
    this.#events = [];
    if (events.length > 0) this.#deliver(events);
  }

  #schedule(): void {
    if (this.#cancel) return;
    const flush = () => this.flush();
    const frame = requestAnimationFrame(flush);
    const timer = setTimeout(flush, HIDDEN_FRAME_MS);
    this.#cancel = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }
}
