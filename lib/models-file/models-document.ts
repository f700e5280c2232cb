import { basename } from "node:path";
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { StartError } from "@/lib/util/start-error";

/** Faults that are told at once; the rest come to light when these are mended. */
const FAULTS_TOLD_MAX = 20;

/** Where in a file: keys and places of lists. */
export type Path = readonly (string | number)[];

/** What is wrong at a line of a file. */
export type FileFault = { line: number; message: string };

/** The text of a file of models, its lines, and what was found wrong with it. */
export class ModelsDocument {
  readonly #faults: FileFault[] = [];
  readonly #name: string;
  readonly #howTo: string;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument>;

  /** @param howTo the page that tells what stands in such a file */
  constructor(path: string, text: string, howTo: string) {
    this.#name = basename(path);
    this.#howTo = howTo;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    for (const { pos, message } of this.#document.errors) {
      this.#faults.push({ line: this.#lines.linePos(pos[0]).line, message });
    }
    this.throwFaults();
  }

  value(): unknown {
    return this.#document.toJS();
  }

  /** Nothing after a colon means that the key is not there. */
  withoutNulls(raw: unknown): unknown {
    if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return raw;
    return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null));
  }

  fault(path: Path, message: string): void {
    this.#faults.push({ line: this.lineOf(path), message });
  }

  /** By line. */
  get faults(): readonly FileFault[] {
    return [...this.#faults].sort((a, b) => a.line - b.line);
  }

  /** @throws StartError naming each, where there are any. */
  throwFaults(): void {
    if (this.#faults.length === 0) return;
    const told = this.faults
      .slice(0, FAULTS_TOLD_MAX)
      .map(({ line, message }) => `${this.#name}:${line}: ${message}`);
    const rest = this.#faults.length - told.length;
    throw new StartError({
      message: `${told.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}.`,
      remedy: `${this.#howTo} tells what each key takes.`,
    });
  }

  /** Of the key itself where there is one, else of the nearest thing around it. */
  lineOf(path: Path): number {
    let node: unknown = this.#document.contents;
    let at = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    for (const step of path) {
      let next: unknown;
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => (isScalar(key) ? key.value : key) === step);
        if (pair === undefined) break;
        if (isNode(pair.key)) at = pair.key.range?.[0] ?? at;
        next = pair.value;
      } else if (isSeq(node) && typeof step === "number") {
        next = node.items[step];
        if (isNode(next)) at = next.range?.[0] ?? at;
      } else break;
      node = next;
    }
    return this.#lines.linePos(at).line;
  }
}
