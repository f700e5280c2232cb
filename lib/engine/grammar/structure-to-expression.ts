import { AppError } from "@/lib/errors";
import { GRAMMAR_DEPTH_MAX } from "@/lib/limits";
import { ANY_CHARACTER } from "./code-points";
import {
  characters,
  type Expression,
  type FreeText,
  NOTHING,
  oneOf,
  optional,
  repeat,
  sequence,
  text,
} from "./expression";
import type { JsonSchema, Structure, Tag } from "./grammar";
import { parseRegex } from "./parse-regex";
import { refuse } from "./refusal";
import { readPlainString, readSchema } from "./schema-reader";

type TriggeredTags = Extract<Structure, { type: "triggered-tags" }>;
type SeparatedTags = Extract<Structure, { type: "separated-tags" }>;

/** What ends free text at the end of a part: the text that follows it there, which becomes part of it. */
type Ending = { text: string; rest: Expression };

/** @throws AppError when it is too deep, or a schema or expression in it is refused. */
export function toStructureExpression(structure: Structure): Expression {
  return read(structure, undefined, 0);
}

/** With an `ending`, the expression ends with it; free text then ends at its first occurrence. */
function read(structure: Structure, ending: Ending | undefined, depth: number): Expression {
  if (depth > GRAMMAR_DEPTH_MAX) {
    throw refuse(`The structure is nested more than ${GRAMMAR_DEPTH_MAX} deep.`);
  }
  const end = ending ? sequence(text(ending.text), ending.rest) : NOTHING;
  switch (structure.type) {
    case "text":
      return sequence(text(structure.text), end);
    case "any-text":
      return ending
        ? {
            type: "free-text",
            patterns: [{ text: ending.text, after: { expression: ending.rest } }],
            mayEnd: false,
          }
        : repeat(characters(ANY_CHARACTER), 0);
    case "json-schema": {
      const { schema, at, orElse } = structure;
      return sequence(
        readOr(() => readSchema(schema, at), readSchema, orElse),
        end,
      );
    }
    case "plain-string": {
      const { schema, without, orElse } = structure;
      const part = readOr(() => readPlainString(schema), readPlainString, orElse);
      return sequence({ type: "without", part, text: without }, end);
    }
    case "regex":
      return sequence(
        parseRegex(structure.pattern, { isSearch: false, name: "The expression" }),
        end,
      );
    case "sequence":
      return readSequence(structure.parts, ending, depth);
    case "one-of":
      return oneOf(structure.parts.map((part) => read(part, ending, depth + 1)));
    case "tag":
      return sequence(text(structure.begin), readTagRest(structure, depth), end);
    case "triggered-tags":
      return readTriggeredTags(structure, ending, depth);
    case "separated-tags":
      return sequence(readSeparatedTags(structure, depth), end);
  }
}

/** What is refused by its words alone; a grammar that is too large or slow is refused as a whole. */
function readOr(
  read: () => Expression,
  readOther: (schema: JsonSchema) => Expression,
  orElse: JsonSchema | undefined,
): Expression {
  if (orElse === undefined) return read();
  try {
    return read();
  } catch (error) {
    if (error instanceof AppError && error.code === "invalid-request") return readOther(orElse);
    throw error;
  }
}

/** A part that can end free text ends the part before it. */
function readSequence(
  parts: readonly Structure[],
  ending: Ending | undefined,
  depth: number,
): Expression {
  const [first, ...rest] = parts;
  if (!first) return ending ? sequence(text(ending.text), ending.rest) : NOTHING;
  if (rest.length === 0) return read(first, ending, depth + 1);
  const [second, ...others] = rest;
  if (second?.type === "text" && second.text !== "") {
    return read(first, { text: second.text, rest: readSequence(others, ending, depth) }, depth + 1);
  }
  if (second?.type === "tag" && second.begin !== "") {
    const after = sequence(readTagRest(second, depth), readSequence(others, ending, depth));
    return read(first, { text: second.begin, rest: after }, depth + 1);
  }
  return sequence(read(first, undefined, depth + 1), readSequence(rest, ending, depth));
}

/** After `begin`. */
function readTagRest(tag: Tag, depth: number): Expression {
  const end = tag.end === "" ? undefined : { text: tag.end, rest: NOTHING };
  return read(tag.content, end, depth + 1);
}

function readTriggeredTags(
  structure: TriggeredTags,
  ending: Ending | undefined,
  depth: number,
): Expression {
  const { triggers, tags, isOneNeeded, endsAfterFirst } = structure;
  if (triggers.some((it) => it === "") || triggers.length === 0) {
    throw refuse("A structure with triggered tags needs triggers that are not empty.");
  }
  const stray = tags.find((tag) => !triggers.some((it) => tag.begin.startsWith(it)));
  if (stray) throw refuse(`No trigger begins the tag ${JSON.stringify(stray.begin)}.`);
  const called = triggers.map((trigger) => {
    const begun = tags.filter((tag) => tag.begin.startsWith(trigger));
    const rests = begun.map((tag) =>
      sequence(text(tag.begin.slice(trigger.length)), readTagRest(tag, depth)),
    );
    return { text: trigger, expression: oneOf(rests) };
  });
  const stop = ending ? [{ text: ending.text, after: { expression: ending.rest } }] : [];
  const end = ending ? sequence(text(ending.text), ending.rest) : NOTHING;
  const mayEnd = ending === undefined;
  const free = (more: FreeText | "same", isEnough: boolean): FreeText => ({
    type: "free-text",
    patterns: [
      ...called.map(({ text: trigger, expression }) => ({
        text: trigger,
        after: endsAfterFirst ? { expression: sequence(expression, end) } : { expression, more },
      })),
      ...(isEnough ? stop : []),
    ],
    mayEnd: mayEnd && isEnough,
  });
  const after = free("same", true);
  return isOneNeeded ? free(after, false) : after;
}

function readSeparatedTags(structure: SeparatedTags, depth: number): Expression {
  const { tags, separator, isOneNeeded, endsAfterFirst } = structure;
  const tag = oneOf(tags.map((it) => sequence(text(it.begin), readTagRest(it, depth))));
  const all = endsAfterFirst ? tag : sequence(tag, repeat(sequence(text(separator), tag), 0));
  return isOneNeeded ? all : optional(all);
}
