import { expect, test } from "vitest";
import { PREFIX_BLOCK_CHARACTERS, PREFIX_BLOCKS_MAX } from "@/lib/fleet-limits";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { guessLength, toDispatchAsk } from "./dispatch-ask";

const long = (letter: string, blocks: number) => letter.repeat(blocks * PREFIX_BLOCK_CHARACTERS);

function ask(
  changes: Partial<GenerateRequest> = {},
  more: { owner?: string; session?: string } = {},
) {
  const messages = [textMessage("system", long("s", 2)), textMessage("user", "Hello.")];
  const request = { requestId: "r", model: "m", messages, sampling: {}, stop: [], ...changes };
  return toDispatchAsk({ request, owner: "key:a", ...more });
}

test("a conversation is known by what its caller calls it, else by how it began", () => {
  const turns = [textMessage("system", long("s", 2)), textMessage("user", "Hello.")];
  const later = [...turns, textMessage("assistant", "Hi."), textMessage("user", "And now?")];
  expect(ask({ messages: later }).session()).toBe(ask().session());
  expect(ask({ messages: [textMessage("user", "Hello.")] }).session()).not.toBe(ask().session());
  expect(ask({}, { session: "c" }).session()).toBe(
    ask({ messages: later }, { session: "c" }).session(),
  );
  expect(ask({}, { owner: "key:b" }).session()).not.toBe(ask().session());
});

test("leading blocks are those of a longer prompt that begins alike, up to where they differ", () => {
  const first = ask().prefix();
  expect(first).toHaveLength(2);
  const goesOn = [
    ...[textMessage("system", long("s", 2)), textMessage("user", "Hello.")],
    ...[textMessage("assistant", long("a", 3)), textMessage("user", "And now?")],
  ];
  const second = ask({ messages: goesOn }).prefix();
  expect(second.slice(0, 2)).toEqual(first);
  expect(second).toHaveLength(5);
  const other = ask({ messages: [textMessage("system", long("s", 1) + long("t", 4))] }).prefix();
  expect(other[0]).toBe(first[0]);
  expect(other[1]).not.toBe(first[1]);
  // A block after another beginning is another block.
  const shifted = ask({ messages: [textMessage("system", long("t", 1) + long("s", 1))] }).prefix();
  expect(new Set([...first, ...shifted]).size).toBe(4);
});

test("callers whose prompts are kept apart have no block in common, and a short prompt has none", () => {
  const [salted] = ask({ cacheSalt: "abc" }).prefix();
  expect(salted).not.toBe(ask().prefix()[0]);
  expect(ask({ messages: [textMessage("user", "Hello.")] }).prefix()).toEqual([]);
});

test("whatever the length, so many blocks at most; tokens count like their text", () => {
  expect(ask({ messages: [], prompt: long("p", 500) }).prefix()).toHaveLength(PREFIX_BLOCKS_MAX);
  const ids = Array.from({ length: 5_000 }, (_, index) => index);
  const blocks = ask({ messages: [], prompt: ids }).prefix();
  expect(blocks.length).toBeGreaterThan(20);
  expect(ask({ messages: [], prompt: [...ids.slice(0, 4_000), 7] }).prefix()[3]).toBe(blocks[3]);
});

test("the length to hold is the prompt and what may be written, rounded down, 0 for the short", () => {
  const request = { requestId: "r", model: "m", messages: [], sampling: {}, stop: [] };
  expect(guessLength({ ...request, prompt: "word" })).toBe(0);
  const lengths = [600, 4_096, 5_000, 100_000].map((maxTokens) =>
    guessLength({ ...request, prompt: "word", maxTokens }),
  );
  expect(lengths).toEqual([576, 4_096, 4_608, 98_304]);
});
