/**
 * Goal: whatever is wrong with a body, and wherever, it is refused in words or is a request that workers
 * take; nothing is thrown. Method: one place of a rich body after the other is replaced by what may not
 * be there, or loses or gains a key.
 */
import { expect, test } from "vitest";
import { isAppError } from "@/lib/errors";
import { toBodyError } from "@/lib/http/describe-issue";
import { generateRequestSchema } from "@/lib/protocol/generate-request";
import type { Message } from "@/lib/protocol/message";
import { seededRandom } from "@/lib/util/random";
import { messageRequestSchema, toGenerateRequest, toGivenMessages } from "./request";

const seed = Math.floor(Math.random() * 2 ** 31);
const random = seededRandom(seed);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

const cache_control = { type: "ephemeral", ttl: "5m" };
const schema = { type: "object", properties: { a: { type: "integer" } } };
const BODY = {
  ...{ model: "m", max_tokens: 4_000, stream: true, temperature: 0.5, top_p: 0.5, top_k: 3 },
  ...{ stop_sequences: ["x"], metadata: { user_id: "u" }, service_tier: "auto", cache_control },
  system: [{ type: "text", text: "s", cache_control }],
  messages: [
    { role: "user", content: "hi" },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "hm", signature: "" },
        { type: "redacted_thinking", data: "x" },
        { type: "text", text: "t", citations: null },
        { type: "tool_use", id: "c1", name: "f", input: { a: 1 }, caller: { type: "direct" } },
      ],
    },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "5" }] },
        { type: "text", text: "well?" },
      ],
    },
  ],
  tools: [{ name: "f", description: "d", input_schema: schema, strict: true, cache_control }],
  tool_choice: { type: "tool", name: "f", disable_parallel_tool_use: true },
  thinking: { type: "enabled", budget_tokens: 2_000, display: "omitted" },
  output_config: { effort: "high", format: { type: "json_schema", schema } },
};

const ODD = [
  ...[null, true, false, 0, -1, 0.5, 1e300, Number.NaN, "", "x", "\ud800", "constructor"],
  ...[[], [[]], {}, [null], { type: "text" }, { type: "image" }, { type: "x", text: 5 }],
  ...["text", "tool_use", "tool_result", "assistant", "user", "system", "tool", [{ type: "text" }]],
];

type Holder = Record<string, unknown>;
function holders(value: unknown): Holder[] {
  if (typeof value !== "object" || value === null) return [];
  // Lists are written to by their indexes as objects are by their keys.
  return [value as Holder, ...Object.values(value).flatMap(holders)];
}

function spoil(body: unknown): void {
  const holder = pick(holders(body).filter((it) => Object.keys(it).length > 0));
  const key = pick(Object.keys(holder));
  const how = random();
  if (how < 0.2) delete holder[key];
  else if (how < 0.4)
    holder[pick(["colour", "type", "role", "content", "name", "length_"])] = structuredClone(
      pick(ODD),
    );
  else holder[key] = structuredClone(pick(ODD));
}

test(`spoilt bodies are refused in words or taken whole (seed ${seed})`, () => {
  let takenCount = 0;
  for (let round = 0; round < 1_500; round++) {
    const body = structuredClone(BODY);
    for (let times = 1 + Math.floor(random() * 2); times > 0; times--) spoil(body);
    const told = JSON.stringify(body);
    const parsed = messageRequestSchema.safeParse(body, { reportInput: true });
    if (!parsed.success) {
      const error = toBodyError(parsed.error);
      expect(isAppError(error) && error.message, told).toMatch(/\.$/);
      expect(error.message, told).not.toMatch(/undefined|\[object|Invalid input/);
      continue;
    }
    takenCount++;
    const request = generateRequestSchema.safeParse(
      toGenerateRequest(parsed.data, {
        messages: toGivenMessages(parsed.data) as Message[],
        requestId: "r",
      }),
    );
    expect(request.error?.issues, told).toBeUndefined();
  }
  // Both sides were tried.
  expect(takenCount).toBeGreaterThan(50);
  expect(takenCount).toBeLessThan(1_450);
});
