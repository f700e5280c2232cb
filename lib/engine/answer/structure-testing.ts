import { seededRandom } from "@/lib/util/random";
import type { GrammarSpec, JsonSchema, Structure } from "../grammar/grammar";
import { GrammarShelf } from "../grammar/grammar-shelf";
import { createVocabulary } from "../grammar/vocabulary-trie";
import type { Tool } from "./answer-format";
import type { CallSyntax } from "./create-format";
import { DEEPSEEK_FENCED, DEEPSEEK_PLAIN } from "./formats/deepseek";
import { HARMONY, HARMONY_REASONING } from "./formats/harmony";
import { HERMES } from "./formats/hermes";
import { JSON_CALLS } from "./formats/json";
import { LLAMA_3 } from "./formats/llama-3";
import { PIPED_ARRAY } from "./formats/marked-array";
import { MISTRAL_ARRAY, MISTRAL_NAMED, MISTRAL_NAMED_WITH_IDS } from "./formats/mistral";
import { QWEN_CODER } from "./formats/qwen-coder";

/** For tests of structures: texts drawn from them, the grammars that they make, and what is told of both. */

export const THINK = { open: "<think>", close: "</think>" };
export const CITY: JsonSchema = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer" } },
  required: ["city", "days"],
};
export const TOOLS: readonly Tool[] = [
  { name: "get_weather", parameters: CITY, isStrict: true },
  { name: "lookup", parameters: { type: "object", properties: { key: { type: "string" } } } },
  { name: "now" },
];
export const SYNTAXES = [
  ...[HERMES, LLAMA_3, MISTRAL_ARRAY, MISTRAL_NAMED, MISTRAL_NAMED_WITH_IDS],
  ...[DEEPSEEK_FENCED, DEEPSEEK_PLAIN, PIPED_ARRAY, JSON_CALLS, QWEN_CODER, HARMONY],
];
export const COMMON_TEXTS = ["So", "A < b, {x}", 'Use "tool" [1] `x`', "ä🦊\n\n", "{ not this"];
/** For each regular expression in a structure one of these matches. */
const MATCHES = [
  ...["", "\n\n", "S", "<b", "<", "[1", "[", '{"x', '{"nam"', "``a", "```p", "```js]", "{x"],
  ...["aB3dE6gH9", "<|channel|>commentary <|constrain|>json<|message|>", "<|start|>assistant"],
];

/** A family whose calls stand in messages has a message begin before each. */
export const freeTextsOf = (syntax: CallSyntax) =>
  syntax === HARMONY
    ? ["<|channel|>commentary", "", "<|channel|>final<|message|>So"]
    : COMMON_TEXTS;
export const marksOf = (syntax: CallSyntax) => (syntax === HARMONY ? HARMONY_REASONING : THINK);

export const TENTHS = [0, 0, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

type Pick = (<Item>(items: readonly Item[]) => Item) & { texts: readonly string[] };

/** A text that `structure` allows. */
export function draw(structure: Structure, pick: Pick): string {
  switch (structure.type) {
    case "text":
      return structure.text;
    case "any-text":
      return pick(pick.texts);
    case "regex": {
      const pattern = new RegExp(`^(?:${structure.pattern})$`);
      return pick(MATCHES.filter((text) => pattern.test(text)));
    }
    case "json-schema":
      return drawJson(structure.schema, pick);
    case "plain-string":
      return pick(["Oslo", "", 'a "b"\n', "</param>", "</parameter\n"]);
    case "sequence":
      return structure.parts.map((part) => draw(part, pick)).join("");
    case "one-of":
      return draw(pick(structure.parts), pick);
    case "tag":
      return structure.begin + draw(structure.content, pick) + structure.end;
    case "separated-tags": {
      const count = structure.endsAfterFirst ? 1 : 1 + pick([0, 1, 2]);
      const tags = Array.from({ length: count }, () => draw(pick(structure.tags), pick));
      return tags.join(structure.separator);
    }
    default: {
      const count = structure.endsAfterFirst ? pick([0, 1]) : pick([0, 1, 2]);
      const tags = Array.from({ length: count }, () => draw(pick(structure.tags), pick));
      return pick(pick.texts) + tags.join(" And ");
    }
  }
}

function drawJson(schema: JsonSchema, pick: Pick): string {
  const type = typeof schema === "object" ? schema.type : undefined;
  if (type === "integer") return pick(["0", "-7", "42"]);
  if (type === "string") return pick(['"Oslo"', '"a \\"b\\" }"', '"</tool_call>"', '""']);
  const properties = typeof schema === "object" ? schema.properties : undefined;
  if (typeof properties !== "object" || properties === null) {
    return pick(["{}", '{"key": [1, {"a": null}]}', '{"a": "[TOOL_CALLS]"}']);
  }
  const entries = Object.entries(properties).map(
    ([key, inner]) => `"${key}": ${drawJson(inner as JsonSchema, pick)}`,
  );
  return `{${entries.join(", ")}}`;
}

export function drawing(seed: number, texts: readonly string[]): Pick {
  const random = seededRandom(seed);
  // A list to pick from is never empty, and the place is one of it.
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item;
  return Object.assign(pick, { texts });
}

export const asText = (spec: GrammarSpec, pick: Pick) =>
  draw(spec.type === "structure" ? spec.structure : (spec as Structure), pick);

/** One token a byte. */
const VOCABULARY = createVocabulary({
  bytes: Uint8Array.from({ length: 256 }, (_, byte) => byte),
  offsets: Uint32Array.from({ length: 257 }, (_, index) => index),
});

/** Whether a whole answer is one that `spec` allows. */
export function acceptorOf(spec: GrammarSpec): (text: string) => boolean {
  const grammar = new GrammarShelf(VOCABULARY).get(JSON.stringify(spec));
  const encoder = new TextEncoder();
  return (text) => grammar.advance(grammar.start(), encoder.encode(text))?.canEnd ?? false;
}

/** Whether arguments of `name` are what its tool promises. */
export function isRight(name: string, json: string): boolean {
  const value = JSON.parse(json);
  if (name === "get_weather") return typeof value.city === "string" && Number.isInteger(value.days);
  if (name === "now") return Object.keys(value).length === 0;
  return typeof value === "object";
}
