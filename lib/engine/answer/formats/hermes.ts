import { separatedCalls, toTags, triggeredCalls } from "../call-structure";
import type { CallSyntax } from "../create-format";
import { readCallArray, readCallObject } from "../read-call";
import { readMarked } from "../read-marked";

const OPEN = "<tool_call>";
const CLOSE = "</tool_call>";

/**
 * Nous Research's Hermes 2 and 3, Qwen 2.5 and 3, SmolLM3, Granite 4 and many more:
 * `<tool_call>\n{"name": …, "arguments": {…}}\n</tool_call>`, any number of them, in any text.
 */
export const HERMES: CallSyntax = {
  name: "hermes",
  spelledTokens: [OPEN, CLOSE],
  *readAnswer(reader) {
    yield* readMarked(reader, [OPEN], function* () {
      yield* reader.skipSpace();
      const isArray = (yield* reader.peek()) === "[";
      if (!(yield* isArray ? readCallArray(reader) : readCallObject(reader))) return false;
      // The mark at the end is left out by some, and by all whose answer ends there.
      reader.hold();
      yield* reader.skipSpace();
      if (yield* reader.accept(CLOSE)) reader.drop();
      return true;
    });
  },
  toStructure(need) {
    const tags = toTags(need.tools, (name) => ({
      begin: `${OPEN}\n{"name": "${name}", "arguments": `,
      end: `}\n${CLOSE}`,
    }));
    return need.isForced ? separatedCalls(tags, "\n", need) : triggeredCalls(tags, [OPEN], need);
  },
  severalCalls: "For several calls, write one such block after the other.",
  writeCall: (name, json) => `${OPEN}\n{"name": "${name}", "arguments": ${json}}\n${CLOSE}`,
};
