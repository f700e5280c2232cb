/**
 * Goal: what clients of OpenAI's wire commonly send reaches providers whose wires take less.
 * Method: each provider before a server that takes down what it is asked.
 */
import { expect, test } from "vitest";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { startTried, TRIED_PROVIDERS } from "./external-testing";

const BASE: GenerateRequest = {
  ...{ requestId: "r", model: "shown", messages: [textMessage("user", "Tell me.")] },
  ...{ sampling: {}, stop: [] },
};

test.each(TRIED_PROVIDERS)("%s is given no empty text beside a call", async (provider) => {
  const tried = await startTried(provider);
  const parameters = { type: "object", properties: {} };
  const messages: GenerateRequest["messages"] = [
    textMessage("user", "Tell me."),
    {
      ...{ role: "assistant", content: [{ type: "text", text: "" }] },
      toolCalls: [{ id: "call_1", name: "f", arguments: "" }],
    },
    { role: "tool", toolCallId: "call_1", content: [{ type: "text", text: "Rain." }] },
  ];
  const request: GenerateRequest = {
    ...BASE,
    messages,
    toolRequest: { tools: [{ name: "f", parameters }], choice: "auto", isParallel: true },
  };
  const signal = new AbortController().signal;
  for await (const _ of tried.backend.generate(request, signal));
  expect(JSON.stringify(tried.server.asked.at(-1)?.body)).not.toMatch(/"text":""/);
  await tried.close();
});

test.each(TRIED_PROVIDERS)(
  "%s gives each of several answers a seed of its own, or none",
  async (provider) => {
    const tried = await startTried(provider);
    const honours = tried.backend.card().models[0]?.fields?.includes("sampling.seed");
    for (const [seed, choice, own] of [
      [5, 1, 6],
      [5, 3, 8],
      [2 ** 40 + 1, 1, 2],
    ] as const) {
      const request = { ...BASE, sampling: { seed }, choice };
      for await (const _ of tried.backend.generate(request, new AbortController().signal));
      const told = /[sS]eed":(\d+)/.exec(JSON.stringify(tried.server.asked.at(-1)?.body))?.[1];
      expect(told).toBe(honours ? String(own) : undefined);
    }
    await tried.close();
  },
);
