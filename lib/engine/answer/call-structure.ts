import type { JsonSchema, Structure, Tag } from "../grammar/grammar";
import type { Tool } from "./answer-format";
import type { CallNeed } from "./create-format";

/**
 * What a tool's arguments are held to: its schema when it is strict, any object when not (a schema that
 * cannot be held to must not fail a request that does not ask for it), nothing but `{}` when it takes none.
 */
export function argumentsStructure(tool: Tool): Structure {
  if (tool.parameters === undefined) return { type: "text", text: "{}" };
  return {
    type: "json-schema",
    schema: tool.isStrict ? toObjectSchema(tool.parameters) : ANY_OBJECT,
  };
}

const ANY_OBJECT: JsonSchema = { type: "object" };

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
  tools: readonly Tool[],
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

/** An answer that is not told apart as calls: it begins as `pattern` has it and goes on in any way. */
export function otherAnswer(pattern: string): Structure {
  return { type: "sequence", parts: [{ type: "regex", pattern }, { type: "any-text" }] };
}

/** Free text in which `trigger` begins one of `tags`. */
export function triggeredCalls(tags: readonly Tag[], trigger: string, need: CallNeed): Structure {
  const rest = { isOneNeeded: false, endsAfterFirst: !need.isParallel };
  return { type: "triggered-tags", triggers: [trigger], tags, ...rest };
}
