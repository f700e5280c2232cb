import type { AnswerFormat, AnswerParserOptions, AnswerPart, Tool } from "./answer-format";

/** What the tests of formats share: tools to call, and answers parsed however they are cut. */
export const TOOLS: readonly Tool[] = [
  {
    name: "get_weather",
    description: "The weather of a city.",
    parameters: {
      type: "object",
      properties: {
        city: { type: "string" },
        days: { type: "integer" },
        units: { enum: ["metric", "imperial"] },
        options: { type: "object" },
      },
      required: ["city"],
    },
  },
  { name: "now" },
  {
    name: "write-file",
    parameters: {
      type: "object",
      properties: { path: { type: "string" }, text: { type: "string" }, lines: { type: "array" } },
    },
  },
];

export type ParseOptions = Partial<AnswerParserOptions>;

/** The parts of an answer that comes in `pieces`, neighbours of one kind joined. */
export function parse(
  format: AnswerFormat,
  pieces: readonly string[],
  options: ParseOptions = {},
): AnswerPart[] {
  let count = 0;
  const parser = format.createParser({
    tools: TOOLS,
    splitsReasoning: true,
    beginsInReasoning: false,
    createId: () => `call-${count++}`,
    ...options,
  });
  return merge([...pieces.flatMap((piece) => parser.push(piece)), ...parser.flush()]);
}

export function merge(parts: readonly AnswerPart[]): AnswerPart[] {
  const merged: AnswerPart[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (
      part.type !== "tool-call-start" &&
      last?.type === part.type &&
      (part.type !== "tool-call-arguments" || ("index" in last && last.index === part.index))
    ) {
      last.text += part.text;
    } else merged.push({ ...part });
  }
  return merged;
}

/** An answer in few words: text as it is, reasoning and calls with their arguments in an array. */
export type Summary = (string | { reasoning: string } | [name: string, argumentsJson: string])[];

export function summarize(parts: readonly AnswerPart[]): Summary {
  const summary: Summary = [];
  for (const part of parts) {
    if (part.type === "text") summary.push(part.text);
    else if (part.type === "reasoning") summary.push({ reasoning: part.text });
    else if (part.type === "tool-call-start") summary.push([part.name, ""]);
    else {
      const last = summary.at(-1);
      if (Array.isArray(last)) last[1] += part.text;
    }
  }
  return summary;
}

/** All ways to cut `text` in two, and into single characters. */
export function* cutsOf(text: string): Generator<string[]> {
  for (let at = 1; at < text.length; at++) yield [text.slice(0, at), text.slice(at)];
  yield text.split("");
}
