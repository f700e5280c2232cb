/** Goal: no answer is gone on with of which an engine keeps more than its tokens. */
import { expect, test } from "vitest";
import { isContinuable } from "./continuable";
import type { GenerateRequest } from "./generate-request";
import { textMessage } from "./message";

function ask(changes: Partial<GenerateRequest>): GenerateRequest {
  const messages = [textMessage("user", "Tell me.")];
  return { requestId: "r", model: "m", messages, sampling: {}, stop: [], ...changes };
}

const tool = { name: "f", parameters: {} };
const image = { type: "image" as const, mediaType: "image/png" as const, data: "AAAA" };

test.each<Partial<GenerateRequest>>([
  {},
  { sampling: { temperature: 0.7, topP: 0.9, topK: 5, minP: 0.1, logitBias: { "7": 1 } } },
  { sampling: { temperature: 0, seed: 7 } },
  { sampling: { repetitionPenalty: 1.2, presencePenalty: 0, frequencyPenalty: 0 } },
  { stop: ["END"], maxTokens: 9 },
  { minTokens: 4, stopTokenIds: [2], ignoreEos: true },
  { messages: [], prompt: "Once" },
  { messages: [], prompt: [1, 2] },
  { splitReasoning: true, reasoningEffort: "low", choice: 1 },
])("its tokens alone decide: %j", (changes) => {
  expect(isContinuable(ask(changes))).toBe(true);
});

test.each<Partial<GenerateRequest>>([
  { sampling: { seed: 7 } },
  { sampling: { seed: 7, temperature: 0.5 } },
  { sampling: { presencePenalty: 0.1 } },
  { sampling: { frequencyPenalty: -0.1 } },
  { grammar: { type: "json-object" } },
  { toolRequest: { tools: [tool], choice: "auto", isParallel: true } },
  { toolRequest: { tools: [tool], choice: "none", isParallel: true } },
  { logProbabilityCount: 0 },
  { reportPrompt: true },
  { messages: [{ role: "user", content: [image] }] },
  { minTokens: 4, stop: ["END"] },
  { maxTokens: 0 },
])("something else does, too: %j", (changes) => {
  expect(isContinuable(ask(changes))).toBe(false);
});
