import type { AnswerReader, Reading } from "./answer-reader";

/** What came before. */
type Before = "nothing" | "text" | "call";

/**
 * Reads an answer in which calls stand behind marks in the text. White space that only sets calls apart
 * (before the first thing that an answer says, and between calls) is frame.
 *
 * @param readCall reads what begins with a mark (held and taken already); returns whether it told a call.
 * What it leaves behind a call may be held white space.
 */
export function* readMarked(
  reader: AnswerReader,
  marks: readonly string[],
  readCall: (mark: string) => Reading<boolean>,
  begins: Before = "nothing",
): Reading<void> {
  let before = begins;
  for (;;) {
    const mark: string | undefined = yield* findMark(reader, marks, before);
    if (mark === undefined) return;
    reader.hold();
    reader.take(mark.length);
    before = (yield* readCall(mark)) ? "call" : "text";
  }
}

function* findMark(
  reader: AnswerReader,
  marks: readonly string[],
  before: Before,
): Reading<string | undefined> {
  if (before !== "text") {
    reader.hold();
    yield* reader.skipSpace();
    for (const mark of marks) if (yield* reader.isNext(mark)) return mark;
    if (before === "call" && (yield* reader.peek()) === "") {
      reader.drop();
      return undefined;
    }
  }
  reader.giveUp();
  return yield* reader.until(marks, (text) => reader.tellText(text));
}
