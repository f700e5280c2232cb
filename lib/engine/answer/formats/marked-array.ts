import type { Tag } from "../../grammar/grammar";
import { separatedCalls, toTags, triggeredCalls } from "../call-structure";
import type { CallSyntax } from "../create-format";
import { readCallArray, readCallObject } from "../read-call";
import { readMarked } from "../read-marked";

/**
 * `[{"name": …, "arguments": {…}}, …]` between two marks. The second one is left out by some, and by all
 * whose answer ends there.
 */
function createMarkedArray(open: string, close: string): CallSyntax {
  return {
    name: "marked-array",
    spelledTokens: [open, close],
    *readAnswer(reader) {
      yield* readMarked(reader, [open], function* () {
        yield* reader.skipSpace();
        const isArray = (yield* reader.peek()) === "[";
        if (!(yield* isArray ? readCallArray(reader) : readCallObject(reader))) return false;
        reader.hold();
        yield* reader.skipSpace();
        if (yield* reader.accept(close)) reader.drop();
        return true;
      });
    },
    toStructure(need) {
      const calls = toTags(need.tools, (name) => ({
        begin: `{"name": "${name}", "arguments": `,
        end: "}",
      }));
      const content = separatedCalls(calls, ", ", need);
      const tag: Tag = { type: "tag", begin: `${open}[`, content, end: "]" };
      return need.isForced ? tag : triggeredCalls([tag], [open], { ...need, isParallel: false });
    },
    severalCalls: "For several calls, put all their objects into the one array.",
    writeCall: (name, json) => `${open}[{"name": "${name}", "arguments": ${json}}]${close}`,
  };
}

/** Granite 3, which writes no second mark, and Phi-4-mini. */
export const PIPED_ARRAY = createMarkedArray("<|tool_call|>", "<|/tool_call|>");
/** Nemotron. */
export const CAPITAL_ARRAY = createMarkedArray("<TOOLCALL>", "</TOOLCALL>");
/** Jamba, Apriel, Hunyuan. */
export const TAGGED_ARRAY = createMarkedArray("<tool_calls>", "</tool_calls>");
