import { AppError } from "@/lib/errors";
import { TOOL_NAME } from "@/lib/limits";
import { UPSTREAM_EVENT_BYTES_MAX } from "@/lib/upstream-limits";
import type { Piece } from "./module-interface";

/** What a module yields, from unknown to known. By hand: a schema of Zod's takes some microseconds a piece. */

export type ReadPiece = Exclude<Piece, string>;

const KEYS = ["text", "reasoning", "tokens", "toolCall", "finishReason", "usage"];
const USAGE_KEYS = ["promptTokens", "completionTokens", "cachedPromptTokens"];
const REMEDY_OF_ALL = "Write it as async *generate(request, signal) { … }.";
const REMEDY = 'Yield a text, or an object such as { text: "…", tokens: 1 }.';

/** @throws AppError `upstream-invalid` saying what is wrong with it. */
export function readPiece(value: unknown): ReadPiece {
  if (typeof value === "string") return { text: expectText("a text", value) };
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong(`yielded ${nameOf(value)}`);
  }
  // Read key by key, below.
  const piece = value as Record<string, unknown>;
  let isEmpty = true;
  for (const key in piece) {
    if (!KEYS.includes(key)) {
      throw wrong(
        `yielded an object with "${key.slice(0, 40)}", which is none of ${KEYS.join(", ")}`,
      );
    }
    if (piece[key] !== undefined) isEmpty = false;
  }
  if (isEmpty) throw wrong("yielded an object that says nothing");
  const { text, reasoning, tokens, toolCall, finishReason, usage } = piece;
  if (text !== undefined) expectText("text", text);
  if (reasoning !== undefined) expectText("reasoning", reasoning);
  if (tokens !== undefined) expectCount("tokens", tokens);
  if (finishReason !== undefined && finishReason !== "stop" && finishReason !== "length") {
    throw wrong('yielded a finishReason that is neither "stop" nor "length"');
  }
  if (toolCall !== undefined) expectCall(toolCall);
  if (usage !== undefined) expectUsage(usage);
  // Every key of it has been looked at.
  return value as ReadPiece;
}

/** What `generate` returned, as something to read piece by piece. @throws AppError */
export function toPieces(answer: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  // A text is iterable, by its letters.
  if (typeof answer === "string") return [answer].values();
  if (typeof answer !== "object" || answer === null) {
    throw wrong(`returned ${nameOf(answer)}`, REMEDY_OF_ALL);
  }
  if (Symbol.asyncIterator in answer) return iterate(answer, answer[Symbol.asyncIterator]);
  if (Symbol.iterator in answer) return iterate(answer, answer[Symbol.iterator]);
  return [answer].values();
}

function iterate(answer: object, begin: unknown): AsyncIterator<unknown> {
  const pieces: unknown = typeof begin === "function" ? begin.call(answer) : undefined;
  if (typeof pieces !== "object" || pieces === null || !("next" in pieces)) {
    throw wrong("returned what only looks like an iterable", REMEDY_OF_ALL);
  }
  // It has `next`; what that returns is looked at each time.
  return pieces as AsyncIterator<unknown>;
}

function expectText(what: string, value: unknown): string {
  if (typeof value !== "string") throw wrong(`yielded ${nameOf(value)} as ${what}`);
  if (value.length > UPSTREAM_EVENT_BYTES_MAX) {
    const remedy = "Yield it in smaller pieces.";
    throw wrong(`yielded more than ${UPSTREAM_EVENT_BYTES_MAX} characters as ${what}`, remedy);
  }
  return value;
}

function expectCount(what: string, value: unknown): void {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return;
  throw wrong(`yielded ${nameOf(value)} as ${what}`, "It is a whole number, 0 or more.");
}

function expectCall(value: unknown): void {
  const remedy = 'Yield { toolCall: { name: "…", arguments: "{…}" } }.';
  if (typeof value !== "object" || value === null) {
    throw wrong(`yielded ${nameOf(value)} as toolCall`, remedy);
  }
  const { id, name, arguments: said } = value as Record<string, unknown>;
  if (typeof name !== "string" || !TOOL_NAME.test(name)) {
    throw wrong("yielded a toolCall without a name of letters, digits, _ and -", remedy);
  }
  if (id !== undefined && (typeof id !== "string" || id === "" || id.length > 128)) {
    throw wrong("yielded a toolCall whose id is no text of 1 to 128 characters", remedy);
  }
  const isValue = typeof said === "object" && said !== null;
  if (typeof said !== "string" && !isValue) {
    throw wrong("yielded a toolCall whose arguments are neither JSON text nor an object", remedy);
  }
}

function expectUsage(value: unknown): void {
  if (typeof value !== "object" || value === null) throw wrong(`yielded ${nameOf(value)} as usage`);
  for (const [key, count] of Object.entries(value)) {
    if (!USAGE_KEYS.includes(key)) {
      throw wrong(`yielded usage with "${key.slice(0, 40)}"`, `It has ${USAGE_KEYS.join(", ")}.`);
    }
    if (count !== undefined) expectCount(`usage.${key}`, count);
  }
}

function wrong(what: string, remedy = REMEDY): AppError {
  return new AppError("upstream-invalid", {
    message: `generate of the module behind this model ${what}. ${remedy}`,
  });
}

/** What it is, and nothing of what is in it. */
function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
