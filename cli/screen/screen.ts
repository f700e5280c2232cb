import type { Canvas } from "./live-area";

/** A terminal to draw on. */
export class Screen implements Canvas {
  readonly isColoured: boolean;
  readonly #output: NodeJS.WriteStream;

  constructor(output: NodeJS.WriteStream, isColoured: boolean) {
    this.#output = output;
    this.isColoured = isColoured;
  }

  // A terminal that does not say has the size that terminals had.
  get columns(): number {
    return this.#output.columns || 80;
  }

  get rows(): number {
    return this.#output.rows || 24;
  }

  write(text: string): void {
    this.#output.write(text);
  }

  /** Until the returned function is called. */
  onResize(act: () => void): () => void {
    this.#output.on("resize", act);
    return () => this.#output.off("resize", act);
  }
}
