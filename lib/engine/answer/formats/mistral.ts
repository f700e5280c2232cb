import type { Structure, Tag } from "../../grammar/grammar";
import type { AnswerReader, Reading } from "../answer-reader";
import { argumentsStructure, separatedCalls, toTags, triggeredCalls } from "../call-structure";
import type { CallNeed, CallSyntax } from "../create-format";
import { readCallArray, readNamedCall } from "../read-call";
import { readMarked } from "../read-marked";

const MARK = "[TOOL_CALLS]";
const ARGUMENTS = "[ARGS]";
const ID = "[CALL_ID]";
/** Templates of this family refuse ids of any other form. */
const ID_LENGTH = 9;
const NAME_CHARACTERS_MAX = 64;

/**
 * Mistral's models. Until version 7 of their tokenizer `[TOOL_CALLS][{"name": …, "arguments": {…}}, …]`;
 * from 11 on each call is `[TOOL_CALLS]name[ARGS]{…}`, in 11 with `[CALL_ID]id` before the arguments. Both
 * are read; `isNamed` and `hasIds` say which one is asked for.
 */
function createMistral(isNamed: boolean, hasIds = false): CallSyntax {
  return {
    name: "mistral",
    spelledTokens: [MARK, ARGUMENTS, ID],
    idLength: ID_LENGTH,
    *readAnswer(reader) {
      yield* readMarked(reader, [MARK], function* () {
        yield* reader.skipSpace();
        return (yield* reader.peek()) === "["
          ? yield* readCallArray(reader)
          : yield* readNamed(reader);
      });
    },
    toStructure: (need) => (isNamed ? toNamedStructure(need, hasIds) : toArrayStructure(need)),
    severalCalls: isNamed
      ? "For several calls, write one after the other, each with its mark."
      : "For several calls, put all their objects into the one array.",
    writeCall: (name, json) =>
      isNamed
        ? `${MARK}${name}${ARGUMENTS}${json}`
        : `${MARK}[{"name": "${name}", "arguments": ${json}}]`,
  };
}

function* readNamed(reader: AnswerReader): Reading<boolean> {
  const name = yield* reader.takeWhile(/[\w-]/, NAME_CHARACTERS_MAX);
  if (yield* reader.accept(ID)) yield* reader.takeWhile(/\w/, NAME_CHARACTERS_MAX);
  yield* reader.accept(ARGUMENTS);
  yield* reader.skipSpace();
  return yield* readNamedCall(reader, name);
}

function toNamedStructure(need: CallNeed, hasIds: boolean): Structure {
  const tags = need.tools.map((tool): Tag => {
    const begin = `${MARK}${tool.name}`;
    const content = argumentsStructure(tool);
    if (!hasIds) return { type: "tag", begin: begin + ARGUMENTS, content, end: "" };
    const id: Structure = { type: "regex", pattern: `[A-Za-z0-9]{${ID_LENGTH}}` };
    const parts: Structure[] = [id, { type: "text", text: ARGUMENTS }, content];
    return { type: "tag", begin: begin + ID, content: { type: "sequence", parts }, end: "" };
  });
  return need.isForced ? separatedCalls(tags, "", need) : triggeredCalls(tags, [MARK], need);
}

function toArrayStructure(need: CallNeed): Structure {
  const calls = toTags(need.tools, (name) => ({
    begin: `{"name": "${name}", "arguments": `,
    end: "}",
  }));
  const content = separatedCalls(calls, ", ", need);
  const tag: Tag = { type: "tag", begin: `${MARK}[`, content, end: "]" };
  return need.isForced ? tag : triggeredCalls([tag], [MARK], { ...need, isParallel: false });
}

export const MISTRAL_ARRAY = createMistral(false);
export const MISTRAL_NAMED = createMistral(true);
export const MISTRAL_NAMED_WITH_IDS = createMistral(true, true);
