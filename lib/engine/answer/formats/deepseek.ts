import type { Structure, Tag } from "../../grammar/grammar";
import type { AnswerReader, Reading } from "../answer-reader";
import { separatedCalls, toTags, triggeredCalls } from "../call-structure";
import type { CallNeed, CallSyntax } from "../create-format";
import { readNamedCall } from "../read-call";
import { readMarked } from "../read-marked";

const CALLS_OPEN = "<｜tool▁calls▁begin｜>";
const CALLS_CLOSE = "<｜tool▁calls▁end｜>";
const CALL_OPEN = "<｜tool▁call▁begin｜>";
const CALL_CLOSE = "<｜tool▁call▁end｜>";
const SEPARATOR = "<｜tool▁sep｜>";
const FENCE_OPEN = "```json";
const FENCE_CLOSE = "```";
const NAME_CHARACTERS_MAX = 64;

/**
 * DeepSeek's models. V3 and R1 write a call as `function`, a separator, the name and the arguments in a
 * fenced block; V3.1 as the name, a separator and the arguments. Both are read, with or without the marks
 * around all calls; `isFenced` says which one is asked for.
 */
function createDeepseek(isFenced: boolean): CallSyntax {
  const frame = (name: string) =>
    isFenced
      ? {
          begin: `${CALL_OPEN}function${SEPARATOR}${name}\n${FENCE_OPEN}\n`,
          end: `\n${FENCE_CLOSE}${CALL_CLOSE}`,
        }
      : { begin: `${CALL_OPEN}${name}${SEPARATOR}`, end: CALL_CLOSE };
  return {
    name: "deepseek",
    spelledTokens: [CALLS_OPEN, CALLS_CLOSE, CALL_OPEN, CALL_CLOSE, SEPARATOR],
    *readAnswer(reader) {
      yield* readMarked(reader, [CALLS_OPEN, CALL_OPEN], function* (mark) {
        yield* reader.skipSpace();
        if (mark === CALLS_OPEN && !(yield* reader.accept(CALL_OPEN))) {
          reader.giveUp();
          return false;
        }
        if (!(yield* readCall(reader))) return false;
        yield* skipFrame(reader);
        return true;
      });
    },
    toStructure: (need) => toStructure(need, toTags(need.tools, frame), isFenced ? "\n" : ""),
    severalCalls: "For several calls, write one such block after the other.",
    writeCall(name, json) {
      const { begin, end } = frame(name);
      return `${CALLS_OPEN}${begin}${json}${end}${CALLS_CLOSE}`;
    },
  };
}

function* readCall(reader: AnswerReader): Reading<boolean> {
  let name = yield* reader.takeWhile(/[\w-]/, NAME_CHARACTERS_MAX);
  if (yield* reader.accept(SEPARATOR)) {
    yield* reader.skipSpace();
    const isType = (yield* reader.peek()) !== "{";
    if (isType) name = yield* reader.takeWhile(/[\w-]/, NAME_CHARACTERS_MAX);
    yield* reader.skipSpace();
    yield* reader.accept(FENCE_OPEN);
    yield* reader.skipSpace();
  } else name = "";
  return yield* readNamedCall(reader, name);
}

/** What closes a call, and all of them. */
function* skipFrame(reader: AnswerReader): Reading<void> {
  for (const mark of [FENCE_CLOSE, CALL_CLOSE, CALLS_CLOSE]) {
    reader.hold();
    yield* reader.skipSpace();
    if (yield* reader.accept(mark)) reader.drop();
  }
}

function toStructure(need: CallNeed, calls: readonly Tag[], separator: string): Structure {
  const content = separatedCalls(calls, separator, need);
  const tag: Tag = { type: "tag", begin: CALLS_OPEN, content, end: CALLS_CLOSE };
  if (need.isForced) return tag;
  // The mark around all calls may be left out.
  const one = { ...need, isParallel: false };
  return triggeredCalls([tag, ...calls], [CALLS_OPEN, CALL_OPEN], one);
}

export const DEEPSEEK_FENCED = createDeepseek(true);
export const DEEPSEEK_PLAIN = createDeepseek(false);
