/**
 * Goal: what is said again is what was said, event by event, and a way is found to ask for it without a worker.
 * Method: the server before stand-ins of each form of stream, asked as a worker asks.
 */
import { afterEach, expect, test } from "vitest";
import { startBedrockServer } from "@/lib/stand-ins/bedrock-server";
import { startOllamaServer } from "@/lib/stand-ins/ollama-server";
import { startOpenAiServer } from "@/lib/stand-ins/openai-server";
import type { StandIn } from "@/lib/stand-ins/stand-in-server";
import { ReplayServer } from "./replay-server";
import { toFrames } from "./stream-frames";
import { CHUNKS } from "./targets";

const open: StandIn[] = [];
afterEach(async () => {
  for (const standIn of open.splice(0)) await standIn.close();
});

const CONTENT = `Tell me of the river in ${CHUNKS} words.`;
const CHAT = { model: "stand-in", stream: true, messages: [{ role: "user", content: CONTENT }] };
const CONVERSE = { messages: [{ role: "user", content: [{ text: CONTENT }] }] };

test.each([
  [
    "server-sent events",
    () => startOpenAiServer({ guise: "generic" }),
    "/v1/chat/completions",
    CHAT,
  ],
  [
    "lines",
    () => startOllamaServer({ models: ["stand-in"] }),
    "/api/chat",
    { ...CHAT, stream: undefined },
  ],
  [
    "Amazon's messages",
    () => startBedrockServer({ models: ["m"] }),
    "/model/m/converse-stream",
    CONVERSE,
  ],
] as const)(
  "a stream of %s is asked for once and said again byte for byte",
  async (_, start, path, body) => {
    const standIn = await start();
    open.push(standIn);
    const server = new ReplayServer(standIn.url);
    const port = await server.listen();
    const headers = {
      "content-type": "application/json",
      authorization: "Bearer AKIASTANDIN",
    };
    const ask = async () => {
      const init = { method: "POST", headers, body: JSON.stringify(body) };
      const reply = await fetch(`http://127.0.0.1:${port}${path}?a=1`, init);
      expect(reply.status).toBe(200);
      return {
        type: reply.headers.get("content-type") ?? "",
        bytes: Buffer.from(await reply.arrayBuffer()),
      };
    };
    const first = await ask();
    const again = await ask();
    expect(again.bytes.equals(first.bytes)).toBe(true);
    expect(standIn.asked).toHaveLength(1);
    expect(server.asked).toMatchObject({
      path: `${path}?a=1`,
      body: JSON.stringify(body),
      headers,
    });
    const frames = toFrames(first.bytes, first.type) ?? [];
    expect(frames.length).toBeGreaterThanOrEqual(CHUNKS);
    expect(Buffer.concat(frames).equals(first.bytes)).toBe(true);
  },
);

test("what is no answer is asked of the stand-in each time", async () => {
  const standIn = await startOpenAiServer({ guise: "generic" });
  open.push(standIn);
  const port = await new ReplayServer(standIn.url).listen();
  for (const path of ["/v1/models", "/v1/models", "/nothing"]) {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`);
    expect(reply.status).toBe(path === "/nothing" ? 404 : 200);
    expect(await reply.json()).toBeTypeOf("object");
  }
  expect(standIn.asked).toHaveLength(3);
});

test("a pause changes nothing of what is said", async () => {
  const standIn = await startOpenAiServer({ guise: "generic" });
  open.push(standIn);
  const server = new ReplayServer(standIn.url);
  const port = await server.listen();
  const ask = async () => {
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(CHAT) };
    return await (await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, init)).text();
  };
  const said = await ask();
  for (const afterBytes of [0, 300, said.length]) {
    server.pause = { afterBytes, ms: 5 };
    expect(await ask()).toBe(said);
  }
});
