import { graphemeWidth, toGraphemes } from "./cell-width";

/** A text that is being typed, and where in it. */
export class EditBuffer {
  #before: string[] = [];
  #after: string[] = [];

  get text(): string {
    return [...this.#before, ...this.#after].join("");
  }

  set text(text: string) {
    this.#before = toGraphemes(text);
    this.#after = [];
  }

  get beforeCursor(): string {
    return this.#before.join("");
  }

  get isEmpty(): boolean {
    return this.#before.length + this.#after.length === 0;
  }

  insert(text: string): void {
    // What is typed may join the letter before it, and none before that one.
    const last = this.#before.pop() ?? "";
    for (const letter of toGraphemes(last + text)) this.#before.push(letter);
  }

  backspace(): void {
    this.#before.pop();
  }

  delete(): void {
    this.#after.shift();
  }

  left(): void {
    const letter = this.#before.pop();
    if (letter !== undefined) this.#after.unshift(letter);
  }

  right(): void {
    const letter = this.#after.shift();
    if (letter !== undefined) this.#before.push(letter);
  }

  /** To the line's beginning. */
  home(): void {
    while (this.#before.length > 0 && this.#before.at(-1) !== "\n") this.left();
  }

  end(): void {
    while (this.#after.length > 0 && this.#after[0] !== "\n") this.right();
  }

  wordLeft(): void {
    while (/^\s$/.test(this.#before.at(-1) ?? "")) this.left();
    while (/^\S/.test(this.#before.at(-1) ?? "")) this.left();
  }

  wordRight(): void {
    while (/^\s$/.test(this.#after[0] ?? "")) this.right();
    while (/^\S/.test(this.#after[0] ?? "")) this.right();
  }

  deleteWord(): void {
    while (/^\s$/.test(this.#before.at(-1) ?? "")) this.#before.pop();
    while (/^\S/.test(this.#before.at(-1) ?? "")) this.#before.pop();
  }

  deleteToHome(): void {
    while (this.#before.length > 0 && this.#before.at(-1) !== "\n") this.#before.pop();
  }

  deleteToEnd(): void {
    while (this.#after.length > 0 && this.#after[0] !== "\n") this.#after.shift();
  }

  /** A line up, where there is one. */
  up(): boolean {
    if (!this.#before.includes("\n")) return false;
    const column = this.#column;
    this.home();
    this.left();
    const length = this.#column;
    for (let steps = length - column; steps > 0; steps--) this.left();
    return true;
  }

  /** A line down, where there is one. */
  down(): boolean {
    if (!this.#after.includes("\n")) return false;
    const column = this.#column;
    this.end();
    this.right();
    for (let steps = 0; steps < column && this.#after.length > 0; steps++) {
      if (this.#after[0] === "\n") break;
      this.right();
    }
    return true;
  }

  get #column(): number {
    return this.#before.length - 1 - this.#before.lastIndexOf("\n");
  }

  /** Its rows in `width` columns, and where the cursor stands. */
  layout(width: number): { rows: string[]; cursor: { row: number; column: number } } {
    const room = Math.max(2, width);
    const rows = [""];
    let used = 0;
    const put = (letter: string) => {
      const shown = toShown(letter);
      const columns = letter === "\t" ? shown.length : graphemeWidth(shown);
      if (letter === "\n" || used + columns > room) {
        rows.push("");
        used = 0;
      }
      if (letter === "\n") return;
      rows[rows.length - 1] += shown;
      used += columns;
    };
    for (const letter of this.#before) put(letter);
    // Behind a full row it stands at the beginning of the next.
    if (used >= room) put("\n");
    const cursor = { row: rows.length - 1, column: used };
    for (const letter of this.#after) put(letter);
    return { rows, cursor };
  }
}

/** A pasted control character is sent as it is, and shown as what it is not. */
function toShown(letter: string): string {
  if (letter === "\t") return "  ";
  return /\p{Cc}/u.test(letter) ? "\ufffd" : letter;
}
