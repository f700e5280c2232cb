import type { JsonSchema, Structure, Tag } from "../grammar/grammar";
import type { CallNeed, HeldTool } from "./create-format";

/**
 * What a tool's arguments are held to: its schema when it is strict; when a call is demanded, its schema or,
 * where that cannot be held to, any object (it must not fail a request that does not ask for it); any
 * object when not; nothing but `{}` when it takes none.
 */
export function argumentsStructure({
  parameters,
  isStrict,
  isHeldIfPossible,
}: HeldTool): Structure {
  if (parameters === undefined) return { type: "text", text: "{}" };
  if (isStrict) return { type: "json-schema", schema: toObjectSchema(parameters) };
  if (!isHeldIfPossible) return { type: "json-schema", schema: ANY_OBJECT };
  return { type: "json-schema", schema: objectsOf(parameters), orElse: ANY_OBJECT };
}

const ANY_OBJECT: JsonSchema = { type: "object" };

/** Of what a schema takes the objects, since arguments are nothing else; where it takes none, all of them. */
function objectsOf(schema: JsonSchema): JsonSchema {
  if (typeof schema === "boolean") return ANY_OBJECT;
  const isOfOther = schema.type !== undefined && ![schema.type].flat().includes("object");
  if (isOfOther) return ANY_OBJECT;
  return { ...schema, type: "object", ...(isListed(schema) && { additionalProperties: false }) };
}

/** What may say more of an object's properties than `properties` does. */
const SAYS_MORE = [
  ...["additionalProperties", "unevaluatedProperties", "patternProperties", "propertyNames"],
  ...["minProperties", "$ref", "anyOf", "oneOf", "allOf"],
];

/**
 * Whether the properties that a schema lists are all that its writer thinks of: others would be valid and
 * unlooked for. A weak model goes on with them until its tokens are used up, and a function is called with
 * what it does not take.
 */
function isListed(schema: { readonly [key: string]: unknown }): boolean {
  const { properties, required } = schema;
  if (typeof properties !== "object" || properties === null) return false;
  if (SAYS_MORE.some((key) => schema[key] !== undefined)) return false;
  const names: unknown[] = Array.isArray(required) ? required : [];
  return names.every((name) => Object.hasOwn(properties, String(name)));
}

/** Arguments are an object even where the schema leaves that open. */
function toObjectSchema(schema: JsonSchema): JsonSchema {
  if (schema === true) return ANY_OBJECT;
  if (
    schema === false ||
    ["type", "$ref", "anyOf", "oneOf", "allOf"].some((key) => key in schema)
  ) {
    return schema;
  }
  return { type: "object", ...schema };
}

/** A tag a tool, around its arguments. */
export function toTags(
  tools: readonly HeldTool[],
  frame: (name: string) => { begin: string; end: string },
): Tag[] {
  return tools.map((tool) => ({
    type: "tag",
    ...frame(tool.name),
    content: argumentsStructure(tool),
  }));
}

/** Calls one after the other, at least one; where they may not be parallel, just one. */
export function separatedCalls(tags: readonly Tag[], separator: string, need: CallNeed): Structure {
  if (!need.isParallel) return { type: "one-of", parts: tags };
  const rest = { isOneNeeded: true, endsAfterFirst: false };
  return { type: "separated-tags", tags, separator, ...rest };
}

/** White space that would let one of `readAnswer`'s beginnings come later. */
export const SPACES: readonly string[] = [" ", "\n", "\t", "\r"];

/**
 * Any text that begins with none of `prefixes`, said without lookahead: as much of a prefix as there may
 * be, then a character with which it cannot become one, then `rest`.
 */
export function notBeginningWith(prefixes: readonly string[], rest: Structure): Structure {
  const nexts = new Map<string, Set<string>>();
  for (const prefix of prefixes) {
    const characters = [...prefix];
    for (const [at, character] of characters.entries()) {
      const before = characters.slice(0, at).join("");
      nexts.set(before, (nexts.get(before) ?? new Set()).add(character));
    }
  }
  const begun = [...nexts.keys()].filter(
    (before) => !prefixes.some((prefix) => before.startsWith(prefix)),
  );
  const turns = begun.map(
    (before) =>
      `${escapePattern(before)}[^${[...(nexts.get(before) ?? [])].map(escapePattern).join("")}]`,
  );
  const other: Structure = { type: "regex", pattern: turns.join("|") };
  return {
    type: "one-of",
    parts: [
      { type: "sequence", parts: [other, rest] },
      { type: "regex", pattern: `(?:${begun.filter(Boolean).map(escapePattern).join("|")})?` },
    ],
  };
}

const ESCAPES: Record<string, string> = { "\n": "\\n", "\t": "\\t", "\r": "\\r" };

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|-]|[\n\t\r]/g, (it) => ESCAPES[it] ?? `\\${it}`);
}

/** Free text in which one of `triggers` begins one of `tags`; whatever the parser takes for a mark is one. */
export function triggeredCalls(
  tags: readonly Tag[],
  triggers: readonly string[],
  need: CallNeed,
): Structure {
  const rest = { isOneNeeded: false, endsAfterFirst: !need.isParallel };
  return { type: "triggered-tags", triggers, tags, ...rest };
}
