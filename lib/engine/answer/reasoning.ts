import type { GrammarSpec, Structure } from "../grammar/grammar";
import { toStructure } from "../grammar/to-structure";
import type { AnswerReader, Reading } from "./answer-reader";

/** What stands before and after what a model writes to itself. */
export type ReasoningMarks = {
  open: string;
  close: string;
  /** What stands between it and the answer, as a regular expression; unless given, a few line breaks. */
  gapPattern?: string;
  /** What an answer that is no call begins with, with or without reasoning before it. */
  answerOpen?: string;
};

/** White space at the end of reasoning is frame as long as it is short. */
const SPACE_CHARACTERS_MAX = 64;
/** What models write between their reasoning and their answer. */
const GAP_PATTERN = "[ \\n]{0,4}";

export type ReadReasoningOptions = {
  marks: ReasoningMarks;
  /** Told apart, without the white space around it; else told as text, as it came. */
  isSplit: boolean;
  /** The prompt opened it. */
  hasBegun: boolean;
};

/** Reads the reasoning at the beginning of an answer, if there is any. May leave white space withheld. */
export function* readReasoning(
  reader: AnswerReader,
  { marks, isSplit, hasBegun }: ReadReasoningOptions,
): Reading<void> {
  reader.hold();
  yield* reader.skipSpace();
  // Some models open it again where the prompt did already.
  const isOpened = yield* reader.accept(marks.open);
  if (!isOpened && !hasBegun) return;
  if (!isSplit) {
    reader.giveUp();
    const tell = (text: string) => reader.tellText(text);
    if (yield* reader.until([marks.close], tell)) tell(reader.take(marks.close.length));
    return;
  }
  reader.drop();
  yield* reader.skipSpace();
  const tail = new TrimmedTail((text) => reader.tellReasoning(text));
  const isClosed = yield* reader.until([marks.close], (text) => tail.push(text));
  if (!isClosed) {
    tail.flush();
    return;
  }
  reader.take(marks.close.length);
  yield* reader.skipSpace();
}

/** Holds white space back until something follows. */
class TrimmedTail {
  readonly #tell: (text: string) => void;
  #space = "";

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  push(text: string): void {
    let open = this.#space + text;
    const solid = open.trimEnd().length;
    this.#tell(open.slice(0, solid));
    open = open.slice(solid);
    // In steps of one size, so that it does not depend on how the text is cut.
    while (open.length > SPACE_CHARACTERS_MAX) {
      this.#tell(open.slice(0, SPACE_CHARACTERS_MAX));
      open = open.slice(SPACE_CHARACTERS_MAX);
    }
    this.#space = open;
  }

  flush(): void {
    this.#tell(this.#space);
    this.#space = "";
  }
}

/**
 * What answers look like that must look like `spec` once the reasoning is over. Where the prompt did not
 * open the reasoning, there may be none.
 */
export function structureAfterReasoning(
  spec: GrammarSpec,
  marks: ReasoningMarks,
  hasBegun: boolean,
): GrammarSpec {
  const { gapPattern = GAP_PATTERN } = marks;
  // A structure is calls, or says itself what its other answers begin with.
  const answer = spec.type === "structure" ? spec.structure : answerInMarks(spec, marks);
  const reasoning: Structure = {
    type: "tag",
    begin: hasBegun ? "" : marks.open,
    content: { type: "any-text" },
    end: marks.close,
  };
  const gap: Structure = { type: "regex", pattern: gapPattern };
  const reasoned: Structure = { type: "sequence", parts: [reasoning, gap, answer] };
  if (hasBegun) return { type: "structure", structure: reasoned };
  return { type: "structure", structure: { type: "one-of", parts: [reasoned, answer] } };
}

/** An answer that looks like `spec` and is no call, with what the family writes before such answers. */
export function answerInMarks(spec: GrammarSpec, marks: ReasoningMarks | undefined): Structure {
  const answer = toStructure(spec);
  if (marks?.answerOpen === undefined) return answer;
  return { type: "sequence", parts: [{ type: "text", text: marks.answerOpen }, answer] };
}
