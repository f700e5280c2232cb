import { expect, test } from "vitest";
import type { GenerateEvent, GenerationStart } from "@/lib/protocol/generate-event";
import { type ChatSource, toChatReply } from "./reply";
import { type ChatChunk, toChatChunks } from "./stream";

const start: GenerationStart = {
  ...{ type: "generation-start", model: "m", build: "b".repeat(64), promptTokens: 7 },
  ...{ sampling: { temperature: 1, topP: 1, seed: 1 }, maxTokens: 50 },
};

function answerOf(count: number): ChatSource {
  async function* tell() {
    const of = (choice: number, event: GenerateEvent) => ({ choice, event });
    for (let choice = 0; choice < count; choice++) {
      yield of(choice, start);
      yield of(choice, { type: "reasoning-delta", text: "hm", tokens: 3 });
      yield of(choice, { type: "reasoning-delta", text: "", tokens: 1 });
      yield of(choice, { type: "text-delta", text: "Yes.", tokens: 2 });
      yield of(choice, {
        ...{ type: "generation-end", finishReason: "stop" },
        usage: { promptTokens: 7, completionTokens: 7 },
        timing: { queuedMs: 0, firstTokenMs: 1, durationMs: 2 },
      });
    }
  }
  return { id: "01980000-0000-7000-8000-000000000000", start, count, events: tell() };
}

test("what of the answers was reasoning is counted, whole and streamed alike", async () => {
  const wanted = {
    ...{ prompt_tokens: 7, completion_tokens: 14, total_tokens: 21 },
    completion_tokens_details: { reasoning_tokens: 8 },
  };
  const { usage } = await toChatReply(answerOf(2), { includeLogProbabilities: false });
  expect(usage).toMatchObject(wanted);
  const options = { includeUsage: true, includeLogProbabilities: false };
  const chunks: ChatChunk[] = [];
  for await (const chunk of toChatChunks(answerOf(2), options)) {
    if (typeof chunk === "object" && "choices" in chunk) chunks.push(chunk);
  }
  expect(chunks.at(-1)?.usage).toMatchObject(wanted);
});
