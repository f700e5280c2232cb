import { AppError } from "@/lib/errors";
import type { JsonSchema, Structure, Tag } from "../../grammar/grammar";
import { isConstraint, refusalOf, type SchemaObject } from "../../grammar/schema-keywords";
import type { Tool } from "../answer-format";
import type { AnswerReader, Reading } from "../answer-reader";
import { triggeredCalls } from "../call-structure";
import type { CallNeed, CallSyntax, HeldTool } from "../create-format";
import { readMarked } from "../read-marked";

const OPEN = "<tool_call>";
const CLOSE = "</tool_call>";
const FUNCTION_OPEN = "<function=";
const FUNCTION_CLOSE = "</function>";
const PARAMETER_OPEN = "<parameter=";
const PARAMETER_CLOSE = "</parameter>";
const NAME_CHARACTERS_MAX = 64;
/** As long as those that schemas are held to. */
const KEY_CHARACTERS_MAX = 256;
const KEY_CHARACTER = /[^>\n]/;
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
    const key = yield* reader.takeWhile(KEY_CHARACTER, KEY_CHARACTERS_MAX);
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
  for (;;) {
    const isWhole = yield* reader.until([PARAMETER_CLOSE], (text) => value.push(text));
    if (!isWhole) return false;
    const mark = reader.take(PARAMETER_CLOSE.length);
    if (!value.isInQuotes) break;
    value.push(mark);
  }
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
  readonly #quotes = new QuoteScanner();

  constructor(reader: AnswerReader, isString: boolean) {
    this.#reader = reader;
    this.#isString = isString;
  }

  /** Whether it is JSON so far, in a string of which a mark is a part. */
  get isInQuotes(): boolean {
    return !this.#isString && this.#quotes.isInside;
  }

  push(text: string): void {
    this.#waiting += text;
    if (!this.#isString) this.#quotes.feed(text);
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

/** Whether a text that begins as JSON does is inside of a string; a line break is in none, so that one left open ends there. */
class QuoteScanner {
  isInside = false;
  #mayBeJson: boolean | undefined;
  #isEscaped = false;

  feed(text: string): void {
    for (const character of text) {
      if (this.#mayBeJson === undefined && character.trim() !== "") {
        this.#mayBeJson = '{["'.includes(character);
      }
      if (!this.#mayBeJson) continue;
      if (character === "\n") this.isInside = false;
      else if (character === '"' && !this.#isEscaped) this.isInside = !this.isInside;
      this.#isEscaped = this.isInside && character === "\\" && !this.#isEscaped;
    }
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
  const properties = propertiesOf(tool);
  return Object.hasOwn(properties, key) ? properties[key] : undefined;
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
  if (Object.hasOwn(schema, "const")) return typeof schema.const === "string";
  return schema.type === "string";
}

function writeParameter(key: string, value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `${PARAMETER_OPEN}${key}>\n${text}\n${PARAMETER_CLOSE}\n`;
}

/** Of a tool that is held to its schema the properties in order, each by its own. */
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

function toParameters(tool: HeldTool): Structure[] {
  const parameters = heldParametersOf(tool);
  if (parameters === undefined) {
    return Object.keys(propertiesOf(tool))
      .filter(canBeKey)
      .map((key) => optional(toParameter(key, ANY_TEXT)));
  }
  const isLenient = tool.isStrict !== true;
  const required: unknown[] = Array.isArray(parameters.required) ? parameters.required : [];
  const properties = propertiesOf(tool);
  const listed = Object.entries(properties).map(([key, schema]) => {
    const parameter = toParameter(key, toContent({ schema, key, parameters, isLenient }));
    return required.includes(key) ? parameter : optional(parameter);
  });
  // Required though not described: what holds of further properties holds of it.
  const unlisted = required.filter(
    (it) => typeof it === "string" && !Object.hasOwn(properties, it),
  );
  const other: Structure =
    parameters.additionalProperties === undefined
      ? { type: "json-schema", schema: true }
      : {
          ...{ type: "json-schema", schema: parameters, at: "/additionalProperties" },
          ...(isLenient && { orElse: true }),
        };
  return [...listed, ...unlisted.map((key) => toParameter(String(key), framed(other)))];
}

const ANY_TEXT: Structure = {
  type: "tag",
  begin: "",
  content: { type: "any-text" },
  end: PARAMETER_CLOSE,
};

/** @param content what comes after the key, with the mark that ends it. */
function toParameter(key: string, content: Structure): Structure {
  const begin: Structure = { type: "text", text: `${PARAMETER_OPEN}${key}>\n` };
  return { type: "sequence", parts: [begin, content, { type: "text", text: "\n" }] };
}

const optional = (part: Structure): Structure => ({
  type: "one-of",
  parts: [part, { type: "text", text: "" }],
});

/** The line break is frame: without it, one at the end of a value would be. */
const framed = (value: Structure): Structure => ({
  type: "sequence",
  parts: [value, { type: "text", text: `\n${PARAMETER_CLOSE}` }],
});

type Value = {
  schema: JsonSchema;
  key: string;
  parameters: SchemaObject;
  /** Whether it is any value where its schema cannot be kept to. */
  isLenient: boolean;
};

function toContent({ schema, key, parameters, isLenient }: Value): Structure {
  if (mayBeString(schema)) {
    const isFree = typeof schema === "object" && Object.keys(schema).every(saysNothingOfText);
    return isFree
      ? ANY_TEXT
      : framed({
          ...{ type: "plain-string", schema, without: PARAMETER_CLOSE },
          ...(isLenient && { orElse: { type: "string" } }),
        });
  }
  const orElse = isLenient ? { orElse: true } : {};
  // What it refers to is elsewhere in the parameters.
  if (!JSON.stringify(schema).includes('"$ref"')) {
    return framed({ type: "json-schema", schema, ...orElse });
  }
  const at = `/properties/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return framed({ type: "json-schema", schema: parameters, at, ...orElse });
}

function saysNothingOfText(keyword: string): boolean {
  return keyword === "type" || (refusalOf(keyword) === undefined && !isConstraint(keyword));
}

function canBeKey(key: string): boolean {
  return key.length <= KEY_CHARACTERS_MAX && [...key].every((it) => KEY_CHARACTER.test(it));
}

/** What a call of this family can be held to besides the values of properties. */
const HELD_TO = new Set(["type", "properties", "required", "additionalProperties"]);

/** What a tool's calls are held to; undefined: to no more than its properties' names. */
function heldParametersOf(tool: HeldTool): SchemaObject | undefined {
  if (tool.isStrict) return strictParametersOf(tool);
  if (!tool.isHeldIfPossible) return undefined;
  try {
    return strictParametersOf(tool);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

/** @throws AppError where the parameters ask for what a call of this family cannot be held to. */
function strictParametersOf(tool: Tool): SchemaObject {
  const { name, parameters = {} } = tool;
  const fail = (what: string) =>
    new AppError("invalid-request", {
      message: `The tool "${name}" cannot be strict with this model: ${what}.`,
      param: "tools",
    });
  if (parameters === true) return {};
  if (parameters === false) throw fail("its parameters take nothing; write an object");
  if (parameters.type !== undefined && ![parameters.type].flat().includes("object")) {
    throw fail("its parameters are of another type than object");
  }
  const other = Object.keys(parameters).find((it) => isConstraint(it) && !HELD_TO.has(it));
  const refused = Object.keys(parameters).find((it) => refusalOf(it) !== undefined);
  const keyword = other ?? refused;
  if (keyword) {
    throw fail(`its parameters are an object with "${keyword}"; describe them by properties alone`);
  }
  const required: unknown[] = Array.isArray(parameters.required) ? parameters.required : [];
  const key = [...Object.keys(propertiesOf(tool)), ...required].find((it) => !canBeKey(String(it)));
  if (key === undefined) return parameters;
  throw fail(
    `the property ${JSON.stringify(key)} has a name with ">" or a line break, or of more than ${KEY_CHARACTERS_MAX} characters`,
  );
}
