import type { Tag } from "../../grammar/grammar";
import { separatedCalls, toTags, triggeredCalls } from "../call-structure";
import type { CallSyntax } from "../create-format";
import { readCallArray, readCallObject } from "../read-call";
import { readMarked } from "../read-marked";

const OPEN = "<|tool_call|>";
const CLOSE = "<|/tool_call|>";

/** Granite 3 and Phi-4-mini: `<|tool_call|>[{"name": …, "arguments": {…}}, …]`, closed by Phi alone. */
export const MARKED_ARRAY: CallSyntax = {
  name: "marked-array",
  spelledTokens: [OPEN, CLOSE],
  *readAnswer(reader) {
    yield* readMarked(reader, [OPEN], function* () {
      yield* reader.skipSpace();
      const isArray = (yield* reader.peek()) === "[";
      if (!(yield* isArray ? readCallArray(reader) : readCallObject(reader))) return false;
      reader.hold();
      yield* reader.skipSpace();
      if (yield* reader.accept(CLOSE)) reader.drop();
      return true;
    });
  },
  toStructure(need) {
    const calls = toTags(need.tools, (name) => ({
      begin: `{"name": "${name}", "arguments": `,
      end: "}",
    }));
    const content = separatedCalls(calls, ", ", need);
    const tag: Tag = { type: "tag", begin: `${OPEN}[`, content, end: "]" };
    return need.isForced ? tag : triggeredCalls([tag], [OPEN], { ...need, isParallel: false });
  },
  severalCalls: "For several calls, put all their objects into the one array.",
  writeCall: (name, json) => `${OPEN}[{"name": "${name}", "arguments": ${json}}]`,
};
