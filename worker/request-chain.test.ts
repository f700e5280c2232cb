/**
 * Goal: whoever is asked for a request is told by way of whom it came, through every client that a backend has.
 * Method: backends before stand-ins, with a request that came by way of another platform.
 */
import { afterEach, expect, test } from "vitest";
import { textMessage } from "@/lib/protocol/message";
import { VIA_HEADER } from "@/lib/protocol/via";
import { startOpenAiServer } from "@/lib/stand-ins/openai-server";
import { log } from "@/lib/telemetry/log";
import { startTried, type TriedProvider } from "./backends/external-testing";
import { createOpenAiCompatibleBackend } from "./backends/openai-compatible";
import { chainHeaders, noteChain, passChain } from "./request-chain";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const INSTANCE = crypto.randomUUID();
const BEFORE = crypto.randomUUID();

async function tryProvider(provider: TriedProvider) {
  const { backend, server, model, close } = await startTried(provider);
  ends.push(close);
  return { backend, server, model };
}

async function tryCompatible() {
  const server = await startOpenAiServer({ guise: "generic" });
  const backend = await createOpenAiCompatibleBackend(
    {
      ...{ baseUrl: server.baseUrl, headers: () => ({}), models: [], slots: 1 },
      ...{ honours: [], lacks: [], embedders: [], mayProbe: false },
    },
    { log, signal: new AbortController().signal },
  );
  ends.push(server.close, () => backend.close());
  return { backend, server, model: "stand-in" };
}

test.each([
  ["openai-compatible", tryCompatible],
  ["external, OpenAI", () => tryProvider("openai")],
  ["external, Anthropic", () => tryProvider("anthropic")],
  ["external, Bedrock", () => tryProvider("bedrock")],
] as const)("%s", async (_, start) => {
  const { backend, server, model } = await start();
  const told = async (header: string | undefined) => {
    const { signal } = new AbortController();
    noteChain(signal, header, INSTANCE);
    const request = {
      ...{ requestId: "r", model, sampling: {}, stop: [] },
      messages: [textMessage("user", "Where?")],
    };
    for await (const { type } of backend.generate(request, signal)) expect(type).toBeTruthy();
    return server.asked.at(-1)?.headers[VIA_HEADER];
  };
  expect(await told(undefined)).toBe(INSTANCE);
  expect(await told(BEFORE)).toBe(`${BEFORE},${INSTANCE}`);
  expect(await told("1.1 a-proxy")).toBe(INSTANCE);
});

test("a worker's own questions come by way of nobody, and work goes on under another signal", () => {
  const [request, within, own] = [0, 1, 2].map(() => new AbortController().signal);
  if (!request || !within || !own) throw new Error("three were made");
  noteChain(request, BEFORE, INSTANCE);
  passChain(request, within);
  passChain(own, own);
  expect(chainHeaders(within)).toEqual({ [VIA_HEADER]: `${BEFORE},${INSTANCE}` });
  expect([chainHeaders(own), chainHeaders(undefined), chainHeaders(null)]).toEqual([{}, {}, {}]);
});
