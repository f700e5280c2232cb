import type { Tag } from "../../grammar/grammar";
import type { AnswerReader, Reading } from "../answer-reader";
import {
  notBeginningWith,
  SPACES,
  separatedCalls,
  toTags,
  triggeredCalls,
} from "../call-structure";
import type { CallSyntax } from "../create-format";
import { readCallObject } from "../read-call";
import { readMarked } from "../read-marked";

const MARK = "<|python_tag|>";
/**
 * Llama 3.1 to 3.3: `{"name": …, "parameters": {…}}` as the whole answer, several of them with `; ` in
 * between; before it there may be `<|python_tag|>`, and with it a call may follow text. Behind the same
 * mark 3.1 also writes calls of the tools that were built into it as Python: those are text.
 */
export const LLAMA_3: CallSyntax = {
  name: "llama-3",
  spelledTokens: [MARK],
  *readAnswer(reader) {
    reader.hold();
    yield* reader.skipSpace();
    const isObject = (yield* reader.peek()) === "{";
    const isCall = isObject && (yield* readCalls(reader, false));
    const before = isCall ? "call" : isObject ? "text" : "nothing";
    yield* readMarked(reader, [MARK], () => readCalls(reader, true), before);
  },
  toStructure(need) {
    const tags = toTags(need.tools, (name) => ({
      begin: `{"name": "${name}", "parameters": `,
      end: "}",
    }));
    const calls = separatedCalls(tags, "; ", need);
    if (need.isForced) return calls;
    const marked: Tag = { type: "tag", begin: MARK, content: calls, end: "" };
    const free = triggeredCalls([marked], [MARK], { ...need, isParallel: false });
    const begins = ["{", MARK, ...SPACES, ...(need.reasoning ? [need.reasoning.open] : [])];
    return { type: "one-of", parts: [calls, marked, notBeginningWith(begins, free)] };
  },
  severalCalls: "For several calls, put `; ` between them.",
  writeCall: (name, json) => `{"name": "${name}", "parameters": ${json}}`,
};

function* readCalls(reader: AnswerReader, isMarked: boolean): Reading<boolean> {
  let isAnyTold = false;
  do {
    yield* reader.skipSpace();
    if (!(yield* readCallObject(reader, { isMarked }))) return isAnyTold;
    isAnyTold = true;
    reader.hold();
    yield* reader.skipSpace();
  } while (yield* reader.accept(";"));
  return true;
}
