import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { readPlainChat } from "./plain-chat";
import { chatRequestSchema } from "./request";

const STRANGE = [
  null,
  undefined,
  0,
  -1,
  1,
  1.5,
  2,
  2.5,
  Number.POSITIVE_INFINITY,
  "",
  "text",
  "\ud83d",
  true,
  [],
  {},
];
const COMMON: Record<string, unknown[]> = {
  model: ["m", "mock/echo", "x".repeat(256), "x".repeat(257)],
  temperature: [0, 0.7, 2],
  top_p: [0, 0.9, 1],
  max_tokens: [1, 16, Number.MAX_SAFE_INTEGER],
  max_completion_tokens: [1, 16],
  n: [1, 2],
  seed: [0, -7, 42],
  presence_penalty: [-2, 0.5],
  frequency_penalty: [2, 0],
  stream: [true, false],
  user: ["somebody", ""],
  stop: ["END", ["a", "b"]],
  stream_options: [{ include_usage: true }],
  response_format: [{ type: "json_object" }],
  metadata: [{ a: "b" }],
  store: [false, true],
  unheard_of: [1],
  __proto__x: [1],
};
const CONTENTS = ["hi", "", "Grüße 😀", [{ type: "text", text: "part" }], ...STRANGE];
const ROLES = [
  "user",
  "system",
  "assistant",
  "developer",
  "tool",
  "function",
  "",
  null,
  "toString",
];

test("a plain chat is read as the schema reads it, and nothing that the schema refuses is taken", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)];
  const often = (share: number) => random() < share;
  const message = () => ({
    role: often(0.9) ? pick(["user", "system", "assistant"]) : pick(ROLES),
    content: often(0.9) ? "some words" : pick(CONTENTS),
    ...(often(0.04) && { name: "me" }),
    ...(often(0.02) && { tool_calls: [] }),
  });
  let taken = 0;
  for (let round = 0; round < 4_000; round++) {
    const body: Record<string, unknown> = {};
    if (often(0.97)) body.model = often(0.9) ? "m" : pick(STRANGE);
    if (often(0.97)) body.messages = Array.from({ length: Math.floor(random() * 4) }, message);
    for (const [name, values] of Object.entries(COMMON)) {
      if (often(0.08)) body[name] = often(0.8) ? pick(values) : pick(STRANGE);
    }
    const text = JSON.stringify(often(0.99) ? body : pick(STRANGE)) ?? "null";
    const short = readPlainChat(JSON.parse(text));
    if (short === undefined) continue;
    taken += 1;
    const whole = chatRequestSchema.safeParse(JSON.parse(text), { reportInput: true });
    expect(whole.success, `seed ${seed}: ${text}`).toBe(true);
    expect(short, `seed ${seed}: ${text}`).toStrictEqual(whole.data);
  }
  expect(taken).toBeGreaterThan(500);
});

test("what has the name of a field of every object is no field", () => {
  const text = '{"model":"m","messages":[{"role":"user","content":"hi"}],"toString":1}';
  expect(readPlainChat(JSON.parse(text))).toBeUndefined();
  const proto =
    '{"model":"m","messages":[{"role":"user","content":"hi"}],"__proto__":{"stream":true}}';
  expect(readPlainChat(JSON.parse(proto))).toBeUndefined();
});
