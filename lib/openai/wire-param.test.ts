/**
 * Goal: who asks for what an upstream has no word for is told the field under the name that they sent.
 * Method: a request that asks for everything, before upstreams that lack one thing each.
 */
import { expect, test } from "vitest";
import { toWireParam as toAnthropicParam } from "@/lib/anthropic/wire-param";
import { isAppError } from "@/lib/errors";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { expectHonoured, REQUEST_FIELDS, type RequestField } from "@/lib/protocol/request-fields";
import { toWireParam } from "./wire-param";

const ASKS_FOR_MUCH: GenerateRequest = {
  ...{ requestId: "r", model: "m", stop: ["x"], maxTokens: 5, minTokens: 1, ignoreEos: true },
  ...{ messages: [textMessage("user", "hi")], prompt: "Once", stopTokenIds: [1] },
  ...{ logProbabilityCount: 1, reportPrompt: true, reasoningEffort: "low" },
  sampling: {
    ...{ temperature: 0.5, topP: 0.5, topK: 1, minP: 0.1, seed: 1, logitBias: { 5: 1 } },
    ...{ presencePenalty: 1, frequencyPenalty: 1, repetitionPenalty: 1.1 },
  },
  toolRequest: { tools: [], choice: "required", isParallel: false },
};
/** Of what only this platform itself asks, or what the request above cannot ask for as well. */
const OTHERS = new Set<RequestField>([
  ...(["reportTokenIds", "resume", "prompt.ids", "images"] as const),
  ...(["grammar.json-object", "grammar.json-schema", "grammar.regex", "grammar.choice"] as const),
]);

function refusedParam(lacking: RequestField): string {
  const honoured = new Set(REQUEST_FIELDS.filter((field) => field !== lacking));
  try {
    expectHonoured(ASKS_FOR_MUCH, honoured, "the upstream");
  } catch (error) {
    if (isAppError(error) && error.param !== undefined) return error.param;
    throw error;
  }
  throw new Error(`${lacking} was not asked for`);
}

test.each(REQUEST_FIELDS.filter((field) => !OTHERS.has(field)))(
  "%s has a name of OpenAI's API",
  (field) => {
    expect(toWireParam(refusedParam(field))).toMatch(/^[a-z_]+$/);
  },
);

test("what Anthropic's API has too is told by its names", () => {
  const told = ["sampling.temperature", "toolRequest.choice", "toolRequest.isParallel"].map((it) =>
    toAnthropicParam(it, {}),
  );
  expect(told).toEqual(["temperature", "tool_choice", "tool_choice.disable_parallel_tool_use"]);
});
