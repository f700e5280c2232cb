import type { AnswerReader, Reading } from "./answer-reader";
import { JsonScanner } from "./json-scanner";

export type CallObjectRules = {
  /**
   * Whether a mark says that a call begins. Then an object without arguments is a call with none, told as
   * `{}`, and the name may come late. Else it takes arguments to be a call, and the name has to come
   * first, so that an answer in JSON is not withheld for a name that it might still hold.
   */
  isMarked: boolean;
};

const MARKED: CallObjectRules = { isMarked: true };
const ARGUMENTS_KEYS: readonly string[] = ["arguments", "parameters"];
/** What may stand before the name where no mark says that a call begins. */
const KEYS_BEFORE_NAME: readonly string[] = ["name", "type", "id"];

/**
 * Reads one call of the form `{"name": …, "arguments": {…}}`, keys in any order, others skipped. Told as
 * soon as the name is known to be offered and the arguments begin; the arguments follow as they come.
 *
 * Until then all is withheld, and what turns out to be no call (broken JSON, a name that is not offered,
 * arguments that are no object, too much before the name) is text, whole. Afterwards nothing is taken
 * back: where the arguments break, what follows is text, and what was told stays as the model wrote it.
 *
 * @returns whether a call was told. Expects `reader` to hold.
 */
export function* readCallObject(
  reader: AnswerReader,
  rules: CallObjectRules = MARKED,
): Reading<boolean> {
  const offset = reader.held.length;
  const call = new CallObject(reader, rules);
  const isWhole = yield* call.read();
  if (call.isTold) {
    // Behind the arguments: the object's end is frame, anything else that does not end it is text.
    if (isWhole || reader.held.trim() === "") reader.drop();
    else reader.giveUp();
    return true;
  }
  yield* reader.giveUpValue(offset);
  return false;
}

/** Reads the arguments of a call whose name stands before them. As `readCallObject` in all else. */
export function* readNamedCall(reader: AnswerReader, name: string): Reading<boolean> {
  if (reader.findTool(name) && (yield* reader.peek()) === "{") {
    reader.tellCall(name);
    yield* reader.scan(new JsonScanner(), (json) => reader.tellArguments(json));
    return true;
  }
  yield* reader.giveUpValue(reader.held.length);
  return false;
}

/**
 * Reads calls in an array, `[{…}, {…}]`.
 *
 * @returns whether a call was told. Expects `reader` to hold and `[` to come next.
 */
export function* readCallArray(
  reader: AnswerReader,
  rules: CallObjectRules = MARKED,
): Reading<boolean> {
  reader.take(1);
  let isAnyTold = false;
  for (;;) {
    yield* reader.skipSpace();
    if (!(yield* readCallObject(reader, rules))) return isAnyTold;
    isAnyTold = true;
    reader.hold();
    yield* reader.skipSpace();
    if (yield* reader.accept("]")) {
      reader.drop();
      return true;
    }
    if (!(yield* reader.accept(","))) return true;
  }
}

class CallObject {
  readonly #reader: AnswerReader;
  readonly #rules: CallObjectRules;
  #name: string | undefined;
  /** Arguments that came before the name. */
  #waiting: string | undefined;
  isTold = false;

  constructor(reader: AnswerReader, rules: CallObjectRules) {
    this.#reader = reader;
    this.#rules = rules;
  }

  /** Whether the object was read to its end, as a call. */
  *read(): Reading<boolean> {
    const reader = this.#reader;
    if (!(yield* reader.accept("{"))) return false;
    do {
      yield* reader.skipSpace();
      const key = yield* this.#readString();
      if (key === undefined || !this.#mayHave(key)) return false;
      yield* reader.skipSpace();
      if (!(yield* reader.accept(":"))) return false;
      yield* reader.skipSpace();
      if (!(yield* this.#readValue(key))) return false;
      yield* reader.skipSpace();
    } while (yield* reader.accept(","));
    if (!(yield* reader.isNext("}"))) return false;
    if (!this.isTold) {
      if (this.#name === undefined || !this.#rules.isMarked) return false;
      reader.take(1);
      this.#tell(this.#name, "{}");
      return true;
    }
    reader.take(1);
    return true;
  }

  #mayHave(key: string): boolean {
    return this.#rules.isMarked || this.#name !== undefined || KEYS_BEFORE_NAME.includes(key);
  }

  *#readValue(key: string): Reading<boolean> {
    const reader = this.#reader;
    if (key === "name" && this.#name === undefined) {
      const name = yield* this.#readString();
      if (name === undefined || !reader.findTool(name)) return false;
      this.#name = name;
      if (this.#waiting !== undefined) this.#tell(name, this.#waiting);
      return true;
    }
    const isArguments = ARGUMENTS_KEYS.includes(key);
    if (!isArguments || this.isTold || this.#waiting !== undefined) {
      return (yield* this.#readJson()) !== undefined;
    }
    const first = yield* reader.peek();
    if (first === '"' || (first === "{" && this.#name === undefined)) {
      return yield* this.#readWholeArguments();
    }
    if (first !== "{" || this.#name === undefined) return (yield* this.#readJson()) === "null";
    this.#tell(this.#name, "");
    reader.drop();
    const state = yield* reader.scan(new JsonScanner(), (json) => reader.tellArguments(json));
    reader.hold();
    return state === "whole";
  }

  /** Arguments that cannot be told as they come: before the name, or as a string that holds their JSON. */
  *#readWholeArguments(): Reading<boolean> {
    let json = yield* this.#readJson();
    if (json?.startsWith('"')) json = toObjectText(String(JSON.parse(json)));
    if (json === undefined) return false;
    if (this.#name === undefined) this.#waiting = json;
    else this.#tell(this.#name, json);
    return true;
  }

  #tell(name: string, whole: string): void {
    this.isTold = true;
    this.#reader.tellCall(name);
    this.#reader.tellArguments(whole);
    this.#reader.hold();
  }

  *#readString(): Reading<string | undefined> {
    if ((yield* this.#reader.peek()) !== '"') return undefined;
    const json = yield* this.#readJson();
    // The scanner found it to be a string of JSON.
    return json === undefined ? undefined : String(JSON.parse(json));
  }

  /** A value's text, withheld; undefined when it is broken, unfinished or too long. */
  *#readJson(): Reading<string | undefined> {
    const scanner = new JsonScanner();
    let text = "";
    const state = yield* this.#reader.scan(scanner, (json) => {
      text += json;
    });
    return state === "whole" ? text : undefined;
  }
}

/** The JSON object that is all of `text`; undefined when it is none. */
function toObjectText(text: string): string | undefined {
  const trimmed = text.trim();
  const scanner = new JsonScanner();
  const end = scanner.feed(trimmed);
  const isObject = trimmed.startsWith("{") && scanner.state === "whole" && end === trimmed.length;
  return isObject ? scanner.taken : undefined;
}
