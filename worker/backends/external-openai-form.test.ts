/**
 * Goal: providers whose wire is OpenAI's, which have no stand-in of their own, are reached where the entry says,
 * with the key, and their answer is read.
 * Method: each one's own package before a server that answers in that form.
 */
import { expect, test } from "vitest";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import { textMessage } from "@/lib/protocol/message";
import { modelEntrySchema } from "@/lib/protocol/model-entry";
import { startOpenAiServer } from "@/lib/stand-ins/openai-server";
import { log } from "@/lib/telemetry/log";
import { createExternalBackend } from "./external";

const MODEL = "stand-in";
const SHAPED = [
  ...(["mistral", "groq", "together", "fireworks", "deepseek", "xai", "perplexity"] as const),
  ...(["azure", "openrouter", "openai-compatible"] as const),
];

test.each(SHAPED)("%s", async (provider) => {
  const server = await startOpenAiServer({ guise: "generic" });
  const entry = modelEntrySchema.parse({
    ...{ name: "shown", provider, model: MODEL, contextLength: 2_048 },
    baseUrl: `${server.url}/v1`,
    parameters: { extraBody: { of_the_entry: 1 } },
  });
  const models = [{ entry, credentials: { key: "sk-of-it" } }];
  const backend = await createExternalBackend({
    source: { read: async () => ({ models, warnings: [] }), watch: () => undefined },
    ...{ only: [], slots: 1, log },
  });
  const request = {
    ...{ requestId: "1", model: "shown", stop: [], maxTokens: 12 },
    ...{ messages: [textMessage("user", "Hello there")], sampling: { temperature: 0.5 } },
  };
  const events: GenerateEvent[] = [];
  for await (const event of backend.generate(request, new AbortController().signal)) {
    events.push(event);
  }
  const [asked] = server.asked;
  expect(asked?.path).toBe("/v1/chat/completions");
  const { authorization, "api-key": apiKey } = asked?.headers ?? {};
  expect(provider === "azure" ? apiKey : authorization?.replace("Bearer ", "")).toBe("sk-of-it");
  expect(asked?.body).toMatchObject({
    model: MODEL,
    stream: true,
    temperature: 0.5,
    of_the_entry: 1,
  });
  if (provider === "openrouter") {
    expect(asked?.body).toMatchObject({ provider: { require_parameters: true } });
  }
  expect(events[0]).toMatchObject({ type: "generation-start", maxTokens: 12 });
  expect(events.filter(({ type }) => type === "text-delta").length).toBeGreaterThan(3);
  expect(events.at(-1)).toMatchObject({ finishReason: "length", usage: { completionTokens: 12 } });
  await backend.close();
  await server.close();
});
