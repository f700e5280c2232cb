import type { JsonSchema, Structure, Tag } from "../../grammar/grammar";
import type { Tool } from "../answer-format";
import type { AnswerReader, Reading } from "../answer-reader";
import { triggeredCalls } from "../call-structure";
import type { CallNeed, CallSyntax } from "../create-format";
import { readMarked } from "../read-marked";

const OPEN = "<tool_call>";
const CLOSE = "</tool_call>";
const FUNCTION_OPEN = "<function=";
const FUNCTION_CLOSE = "</function>";
const PARAMETER_OPEN = "<parameter=";
const PARAMETER_CLOSE = "</parameter>";
const NAME_CHARACTERS_MAX = 64;
/** Longer values that are no strings are told as strings. */
const VALUE_CHARACTERS_MAX = 1_048_576;
/** What JSON cannot hold in a string as it stands. */
const ESCAPED = /["\\\p{Cc}]/gu;

/**
 * Qwen3-Coder and its kin:
 * `<tool_call>\n<function=NAME>\n<parameter=KEY>\nVALUE\n</parameter>\n</function>\n</tool_call>`. Values are
 * plain text; the tool's schema says which ones are strings, and the arguments are told as the JSON that
 * they mean. `<tool_call>` is left out by some.
 */
export const QWEN_CODER: CallSyntax = {
  name: "qwen-coder",
  spelledTokens: [OPEN, CLOSE],
  *readAnswer(reader) {
    yield* readMarked(reader, [OPEN, FUNCTION_OPEN], function* (mark) {
      if (mark === OPEN) {
        yield* reader.skipSpace();
        if (!(yield* reader.accept(FUNCTION_OPEN))) {
          reader.giveUp();
          return false;
        }
      }
      return yield* readFunction(reader);
    });
  },
  toStructure,
  severalCalls: "For several calls, write one such block after the other.",
  writeCall(name, json) {
    const values = Object.entries(JSON.parse(json) as Record<string, unknown>).map(([key, value]) =>
      writeParameter(key, value),
    );
    return `${OPEN}\n${FUNCTION_OPEN}${name}>\n${values.join("")}${FUNCTION_CLOSE}\n${CLOSE}`;
  },
};

function* readFunction(reader: AnswerReader): Reading<boolean> {
  const name = yield* reader.takeWhile(/[\w-]/, NAME_CHARACTERS_MAX);
  const tool = reader.findTool(name);
  if (!tool || !(yield* reader.accept(">"))) {
    reader.giveUp();
    return false;
  }
  reader.tellCall(name);
  let separator = "{";
  for (;;) {
    reader.hold();
    yield* reader.skipSpace();
    if (!(yield* reader.accept(PARAMETER_OPEN))) break;
    const key = yield* reader.takeWhile(/[^>\n]/, NAME_CHARACTERS_MAX);
    if (!(yield* reader.accept(">"))) break;
    reader.drop();
    reader.tellArguments(`${separator}${JSON.stringify(key)}: `);
    if (!(yield* readValue(reader, schemaOf(tool, key)))) return true;
    separator = ", ";
  }
  // Anything else than the end breaks the call off: the arguments stay as they are.
  if (!(yield* reader.accept(FUNCTION_CLOSE))) return true;
  reader.drop();
  reader.tellArguments(separator === "{" ? "{}" : "}");
  reader.hold();
  yield* reader.skipSpace();
  if (yield* reader.accept(CLOSE)) reader.drop();
  return true;
}

/** Tells a value as JSON: a string as it comes, anything else when it is whole. */
function* readValue(reader: AnswerReader, schema: JsonSchema | undefined): Reading<boolean> {
  yield* reader.accept("\n");
  const value = new TextValue(reader, mayBeString(schema));
  const isWhole = yield* reader.until([PARAMETER_CLOSE], (text) => value.push(text));
  if (!isWhole) return false;
  reader.take(PARAMETER_CLOSE.length);
  value.end();
  return true;
}

/** The text of a value on its way to JSON. */
class TextValue {
  readonly #reader: AnswerReader;
  #isString: boolean;
  #hasBegun = false;
  /** A line break at the end is frame; of what is no string, all there is. */
  #waiting = "";

  constructor(reader: AnswerReader, isString: boolean) {
    this.#reader = reader;
    this.#isString = isString;
  }

  push(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length > VALUE_CHARACTERS_MAX) this.#isString = true;
    if (!this.#isString) return;
    const end = this.#waiting.endsWith("\n") ? this.#waiting.length - 1 : this.#waiting.length;
    this.#tellString(this.#waiting.slice(0, end));
    this.#waiting = this.#waiting.slice(end);
  }

  end(): void {
    const text = this.#waiting.replace(/\n$/, "");
    if (!this.#isString && isJson(text)) this.#reader.tellArguments(text.trim());
    else {
      this.#tellString(text);
      this.#reader.tellArguments('"');
    }
  }

  #tellString(text: string): void {
    if (!this.#hasBegun) this.#reader.tellArguments('"');
    this.#hasBegun = true;
    this.#reader.tellArguments(text.replaceAll(ESCAPED, (it) => JSON.stringify(it).slice(1, -1)));
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // The model wrote plain text where the schema wants something else.
  }
}

function schemaOf(tool: Tool, key: string): JsonSchema | undefined {
  return propertiesOf(tool)[key];
}

function propertiesOf(tool: Tool): Record<string, JsonSchema> {
  const { parameters } = tool;
  const properties = typeof parameters === "object" ? parameters.properties : undefined;
  // A schema is checked by whoever compiles it; what is none matches nothing here.
  return typeof properties === "object" && properties !== null
    ? (properties as Record<string, JsonSchema>)
    : {};
}

/** Whether a value is text as it stands. What the schema leaves open is JSON where it can be read as such. */
function mayBeString(schema: JsonSchema | undefined): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  if (Array.isArray(schema.enum)) return schema.enum.every((it) => typeof it === "string");
  return schema.type === "string";
}

function writeParameter(key: string, value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `${PARAMETER_OPEN}${key}>\n${text}\n${PARAMETER_CLOSE}\n`;
}

/** Of a strict tool the properties in order, each by its schema; text is held to its choices alone. */
function toStructure(need: CallNeed): Structure {
  const tags = need.tools.map(
    (tool): Tag => ({
      type: "tag",
      begin: `${OPEN}\n${FUNCTION_OPEN}${tool.name}>\n`,
      content: { type: "sequence", parts: toParameters(tool) },
      end: `${FUNCTION_CLOSE}\n${CLOSE}`,
    }),
  );
  if (!need.isForced) {
    const bare = tags.map((tag) => ({ ...tag, begin: tag.begin.replace(`${OPEN}\n`, "") }));
    return triggeredCalls([...tags, ...bare], [OPEN, FUNCTION_OPEN], need);
  }
  const rest = { isOneNeeded: true, endsAfterFirst: !need.isParallel };
  return { type: "separated-tags", tags, separator: "\n", ...rest };
}

function toParameters(tool: Tool): Structure[] {
  const { parameters } = tool;
  const required = typeof parameters === "object" ? parameters.required : undefined;
  const isRequired = (key: string) =>
    tool.isStrict === true && Array.isArray(required) && required.includes(key);
  return Object.entries(propertiesOf(tool)).map(([key, schema]) => {
    const tag: Tag = {
      type: "tag",
      begin: `${PARAMETER_OPEN}${key}>\n`,
      content: toContent(schema, tool.isStrict === true),
      end: `\n${PARAMETER_CLOSE}\n`,
    };
    return isRequired(key) ? tag : { type: "one-of", parts: [tag, { type: "text", text: "" }] };
  });
}

function toContent(schema: JsonSchema, isStrict: boolean): Structure {
  if (!isStrict) return { type: "any-text" };
  if (!mayBeString(schema)) return { type: "json-schema", schema };
  const choices = typeof schema === "object" ? schema.enum : undefined;
  if (!Array.isArray(choices)) return { type: "any-text" };
  return { type: "one-of", parts: choices.map((text) => ({ type: "text", text: String(text) })) };
}
