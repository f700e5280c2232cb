/** Goal: what a worker counts is a number of tokens, or no event of ours. */
import { expect, test } from "vitest";
import { TOKEN_COUNT_MAX } from "@/lib/fleet-limits";
import { generateEventSchema } from "./generate-event";

const start = (changes: object) => ({
  ...{ type: "generation-start", model: "m", build: "b", promptTokens: 1, maxTokens: 1 },
  ...{ sampling: { temperature: 1, topP: 1 }, ...changes },
});
const end = (usage: object) => ({
  ...{ type: "generation-end", finishReason: "stop" },
  usage: { promptTokens: 1, completionTokens: 1, ...usage },
  timing: { queuedMs: 0, firstTokenMs: 0, durationMs: 0 },
});

test.each([
  ["start's prompt", (count: number) => start({ promptTokens: count })],
  ["start's room", (count: number) => start({ maxTokens: count })],
  ["text's", (tokens: number) => ({ type: "text-delta", text: "a", tokens })],
  ["reasoning's", (tokens: number) => ({ type: "reasoning-delta", text: "a", tokens })],
  ["call's", (tokens: number) => ({ type: "tool-call-delta", index: 0, text: "a", tokens })],
  ["end's prompt", (count: number) => end({ promptTokens: count })],
  ["end's answer", (count: number) => end({ completionTokens: count })],
  ["end's cached", (count: number) => end({ cachedPromptTokens: count })],
])("the %s tokens are no less than none and no more than can be kept", (_, event) => {
  for (const count of [0, 1, TOKEN_COUNT_MAX]) {
    expect(generateEventSchema.safeParse(event(count)).success).toBe(true);
  }
  for (const count of [-1, 0.5, TOKEN_COUNT_MAX + 1, 9e15]) {
    expect(generateEventSchema.safeParse(event(count)).success).toBe(false);
  }
});
