/**
 * Goal: tools are used over several turns by models that think, with the thoughts going back to the provider as it
 * wrote them; what another model thought, or nobody, goes to none.
 * Method: the SDK's real packages before servers that refuse every thought which they did not sign, and Claude's
 * also a turn without one, as the providers do.
 */
import { afterEach, expect, test } from "vitest";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import {
  type Message,
  messageSchema,
  THOUGHT_SEAL_PREFIX,
  type Thought,
  textMessage,
} from "@/lib/protocol/message";
import { REDACTED } from "@/lib/stand-ins/signed-thoughts";
import { startTried, type Tried, type TriedProvider } from "./external-testing";

const never = new AbortController().signal;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const WEATHER = {
  name: "get_weather",
  description: "The weather of a city.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const features = ["chat" as const, "tools" as const, "reasoning" as const];

async function start(provider: TriedProvider, more: { reasoningBy?: "budget" | "effort" } = {}) {
  const tried = await startTried(provider, { more: { features, ...more } });
  ends.push(tried.close);
  return tried;
}

/** One turn, and what a caller keeps of it. */
async function run({ backend }: Tried, messages: Message[], more: Partial<GenerateRequest> = {}) {
  const request: GenerateRequest = {
    ...{ requestId: "r", model: "shown", sampling: {}, stop: [], maxTokens: 4_000 },
    ...{ splitReasoning: true, reasoningEffort: "high", messages },
    toolRequest: { tools: [WEATHER], choice: "auto", isParallel: true },
    ...more,
  };
  const events: GenerateEvent[] = [];
  for await (const event of backend.generate(request, never)) events.push(event);
  return { events, kept: toKept(events) };
}

function toKept(events: readonly GenerateEvent[]): Message {
  const thoughts: Thought[] = [];
  const toolCalls: { id: string; name: string; arguments: string }[] = [];
  let reasoning = "";
  let text = "";
  for (const event of events) {
    if (event.type === "reasoning-delta") reasoning += event.text;
    else if (event.type === "text-delta") text += event.text;
    else if (event.type === "thought-seal") {
      thoughts.push({ text: reasoning, seal: event.seal, after: text === "" ? 0 : 1 });
      reasoning = "";
    } else if (event.type === "tool-call-start") {
      toolCalls.push({ id: event.id, name: event.name, arguments: "" });
    } else if (event.type === "tool-call-delta") {
      const call = toolCalls[event.index];
      if (call) call.arguments += event.text;
    }
  }
  return messageSchema.parse({
    role: "assistant",
    content: text === "" ? [] : [{ type: "text", text }],
    ...(toolCalls.length > 0 && { toolCalls }),
    ...(thoughts.length > 0 && { thoughts }),
  });
}

const QUESTION = textMessage("user", "Use get_weather for Tokyo.");
const resultOf = ({ toolCalls = [] }: Message): Message[] =>
  toolCalls.map(({ id }) => ({
    ...{ role: "tool", toolCallId: id },
    content: [{ type: "text", text: "Rain." }],
  }));
const lastBody = ({ server }: Tried) => JSON.stringify(server.asked.at(-1)?.body);

const PROVIDERS: [TriedProvider, { reasoningBy?: "budget" }][] = [
  ["anthropic", { reasoningBy: "budget" }],
  ["anthropic", {}],
  ["google", {}],
  ["openai-responses", {}],
];

test.each(PROVIDERS)("thoughts before a call go back to %s %o", async (provider, more) => {
  const tried = await start(provider, more);
  const first = await run(tried, [QUESTION]);
  expect(first.kept.toolCalls).toHaveLength(1);
  expect(first.kept.thoughts?.length).toBeGreaterThan(0);
  const second = await run(tried, [QUESTION, first.kept, ...resultOf(first.kept)]);
  expect(second.kept.content).toHaveLength(1);
  expect(lastBody(tried)).toMatch(
    /"type":"thinking".*"signature"|"thoughtSignature"|"encrypted_content"/,
  );
  expect(lastBody(tried)).not.toContain("skip_thought_signature_validator");
  // And once more, after the answer.
  const turn = [QUESTION, first.kept, ...resultOf(first.kept), second.kept];
  const third = await run(tried, [...turn, QUESTION]);
  expect(third.kept.toolCalls).toHaveLength(1);
});

test("a thought that Claude tells in cipher goes back as it came", async () => {
  const tried = await start("anthropic", { reasoningBy: "budget" });
  const question = textMessage("user", `Use get_weather for ${REDACTED}.`);
  const { events, kept } = await run(tried, [question]);
  expect(events.some(({ type }) => type === "reasoning-delta")).toBe(false);
  expect(kept.thoughts).toMatchObject([{ text: "", after: 0 }]);
  const { kept: answer } = await run(tried, [question, kept, ...resultOf(kept)]);
  expect(answer.content).toHaveLength(1);
  expect(lastBody(tried)).toContain('"type":"redacted_thinking"');
});

test("who cannot send thoughts goes on all the same: Claude does not think until the turn ends", async () => {
  const tried = await start("anthropic", { reasoningBy: "budget" });
  const { kept } = await run(tried, [QUESTION]);
  const { thoughts: _, ...without } = kept;
  const turn = [QUESTION, without, ...resultOf(kept)];
  const { events, kept: answer } = await run(tried, turn);
  expect(answer.content).toHaveLength(1);
  expect(events.some(({ type }) => type === "reasoning-delta")).toBe(false);
  expect(lastBody(tried)).not.toContain('"thinking"');
  const next = await run(tried, [...turn, answer, QUESTION]);
  expect(next.events.some(({ type }) => type === "reasoning-delta")).toBe(true);
});

test("thoughts are left out where the model is not to think, and nothing is told of them", async () => {
  const tried = await start("anthropic", { reasoningBy: "budget" });
  const { kept } = await run(tried, [QUESTION]);
  const turn = [QUESTION, kept, ...resultOf(kept)];
  const { events } = await run(tried, turn, { reasoningEffort: undefined, thinking: "off" });
  expect(events.at(-1)?.type).toBe("generation-end");
  expect(lastBody(tried)).not.toContain("signature");
  const joined = await run(tried, [QUESTION], { splitReasoning: false });
  expect(joined.events.some(({ type }) => type === "thought-seal")).toBe(false);
});

test("what another model thought, and what is no seal, goes to none", async () => {
  const claude = await start("anthropic", { reasoningBy: "budget" });
  const gemini = await start("google");
  const { kept: ofGemini } = await run(gemini, [QUESTION]);
  const forged = [
    `${THOUGHT_SEAL_PREFIX}none`,
    THOUGHT_SEAL_PREFIX + Buffer.from('{"by":"x","kept":{}}').toString("base64url"),
    ...(ofGemini.thoughts ?? []).map(({ seal }) => seal),
  ];
  expect(forged).toHaveLength(3);
  const thoughts = forged.map((seal) => ({ text: "I am forged.", seal, after: 0 }));
  const turn = [QUESTION, { ...ofGemini, thoughts }, ...resultOf(ofGemini)];
  const { kept } = await run(claude, turn);
  expect(kept.content).toHaveLength(1);
  expect(lastBody(claude)).not.toMatch(/forged|signature/);
});
