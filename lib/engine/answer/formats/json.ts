import type { Structure } from "../../grammar/grammar";
import { notBeginningWith, SPACES, separatedCalls, toTags } from "../call-structure";
import type { CallSyntax } from "../create-format";
import { readCallArray, readCallObject } from "../read-call";

const FENCE = "```";
/** With what `readAnswer` takes an answer for calls: keys before a name, in each spelling of JSON's. */
const BEGINNINGS = [
  ...SPACES,
  ...["name", "type", "id"].flatMap((key) => [
    `{"${key}"`,
    ...Array.from(key, (_, length) => `{"${key.slice(0, length)}\\`),
  ]),
  ...[...SPACES, "{", "["].flatMap((next) => [`\`\`\`${next}`, `\`\`\`json${next}`]),
  ...SPACES.map((space) => `{${space}`),
  ...[...SPACES, "{"].map((next) => `[${next}`),
];
const RULES = { isMarked: false };

/**
 * For models that know no calls of their own and are told how to write them: the whole answer is
 * `{"name": …, "arguments": {…}}` or an array of such objects, in a fenced block or not.
 */
export const JSON_CALLS: CallSyntax = {
  name: "json",
  spelledTokens: [],
  *readAnswer(reader) {
    reader.hold();
    yield* reader.skipSpace();
    const isFenced = yield* reader.accept(FENCE);
    if (isFenced) {
      yield* reader.accept("json");
      yield* reader.skipSpace();
    }
    for (;;) {
      const first = yield* reader.peek();
      const isTold =
        first === "["
          ? yield* readCallArray(reader, RULES)
          : first === "{" && (yield* readCallObject(reader, RULES));
      if (!isTold) return;
      // Some write one object a line instead of an array.
      reader.hold();
      yield* reader.skipSpace();
      if (isFenced && (yield* reader.accept(FENCE))) {
        reader.drop();
        reader.hold();
        yield* reader.skipSpace();
      }
      if ((yield* reader.peek()) === "") reader.drop();
    }
  },
  toStructure(need) {
    const tags = toTags(need.tools, (name) => ({
      begin: `{"name": "${name}", "arguments": `,
      end: "}",
    }));
    const one: Structure = separatedCalls(tags, "", { ...need, isParallel: false });
    const array: Structure = {
      type: "tag",
      begin: "[",
      content: separatedCalls(tags, ", ", need),
      end: "]",
    };
    const calls = need.isParallel ? [one, array] : [one];
    if (need.isForced) return { type: "one-of", parts: calls };
    const begins = [...BEGINNINGS, ...(need.reasoning ? [need.reasoning.open] : [])];
    const other = notBeginningWith(begins, { type: "any-text" });
    return { type: "one-of", parts: [...calls, other] };
  },
  severalCalls: "For several calls, write an array of such objects.",
  writeCall: (name, json) => `{"name": "${name}", "arguments": ${json}}`,
};
