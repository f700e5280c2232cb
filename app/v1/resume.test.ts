/**
 * Goal: clients read one whole answer, whatever happens to the workers that write it.
 * Method: the official clients against the route handlers over HTTP. Workers break off after three
 * deltas; or are real processes, with a mock and with a real model, that are killed and frozen.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import Anthropic from "@anthropic-ai/sdk";
import { eq, type SQL } from "drizzle-orm";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { emptyTables } from "@/lib/db/testing";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import { usageRecords } from "@/lib/db/schema/usage";
import { workers } from "@/lib/db/schema/workers";
import { AppError } from "@/lib/errors";
import { usageFlusher } from "@/lib/usage/flusher";
import type { Backend } from "@/worker/backend";
import { createMockBackend } from "@/worker/backends/mock";
import { TEST_SECRET } from "@/worker/server-testing";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const KEY = "api-key-of-the-tests";
let api: ApiServer;
let openai: OpenAI;
let anthropic: Anthropic;
const children: ChildProcess[] = [];

beforeAll(async () => {
  api = await startApiServer();
  openai = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: KEY, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: api.url, apiKey: KEY, maxRetries: 0 });
});
afterAll(() => api.close());
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await vi.waitFor(() => expect(api.controller.inFlight()).toBe(0));
});

describe("every wire tells an answer of two workers as one", () => {
  const content = "alpha beta gamma delta epsilon zeta";
  const messages = [{ role: "user" as const, content }];
  const model = "mock/echo";

  beforeAll(async () => {
    await api.addWorker({ backend: createBreakingBackend() });
    await api.addWorker({ backend: createBreakingBackend() });
  });
  afterAll(async () => {
    await emptyTables(api.database.db, "workers", "models");
  });

  const post = async (path: string, body: object) => {
    const reply = await fetch(`${api.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ model, ...body }),
    });
    return { headers: reply.headers, text: await reply.text() };
  };

  test.each<[path: string, body: object]>([
    ["/v1/chat/completions", { messages }],
    ["/v1/messages", { messages, max_tokens: 50 }],
    ["/v1/responses", { input: content }],
  ])("%s: a header of the whole answer, a comment in the stream", async (path, body) => {
    const whole = await post(path, body);
    expect(whole.text).toContain(content);
    expect(whole.headers.get("x-parley-resumed")).toBe("1");
    const stream = await post(path, { ...body, stream: true });
    expect(stream.text.split("\n\n").filter((it) => it.startsWith(":"))).toEqual([
      ": parley-resumed after=3",
    ]);
    expect(stream.headers.get("x-parley-resumed")).toBeNull();
  });

  test("OpenAI's client reads chats, several choices and responses as ever", async () => {
    const chat = openai.chat.completions.stream({ model, messages, n: 3 });
    const { choices, usage: _ } = await chat.finalChatCompletion();
    expect(choices.map(({ message }) => message.content)).toEqual([content, content, content]);
    const whole = await openai.chat.completions.create({ model, messages, n: 2 });
    expect(whole.choices.map(({ message }) => message.content)).toEqual([content, content]);
    expect(whole.usage?.completion_tokens).toBe(2 * 7);
    const events = openai.responses.stream({ model, input: content });
    expect((await events.finalResponse()).output_text).toBe(content);
  });

  test("Anthropic's client reads messages as ever", async () => {
    const stream = anthropic.messages.stream({ model, max_tokens: 50, messages });
    const { content: blocks, usage } = await stream.finalMessage();
    expect(blocks).toMatchObject([{ type: "text", text: content }]);
    expect(usage.output_tokens).toBe(7);
  });

  test("the usage record says what each worker wrote", async () => {
    const chat = await openai.chat.completions.create({ model, messages });
    const id = chat.id.replace(/^chatcmpl-(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    const [record] = await readRecords(eq(usageRecords.id, id));
    expect(record).toMatchObject({
      ...{ outcome: "complete", completionTokens: 7 },
      segments: [{ tokens: 3 }, { workerId: record?.workerId, tokens: 4 }],
    });
  });
});

async function readRecords(where: SQL) {
  await usageFlusher().flush();
  return api.database.db.select().from(usageRecords).where(where);
}

/** The mock, which breaks every answer off that no other worker began. */
function createBreakingBackend(): Backend {
  const mock = createMockBackend({ models: ["mock/echo"], slots: 8, tokenMs: 0 });
  return {
    ...mock,
    async *generate(request, signal) {
      let deltas = 0;
      for await (const event of mock.generate(request, signal)) {
        if (event.type === "text-delta" && deltas++ === 3 && !request.resume) {
          throw new AppError("worker-lost", { message: "It breaks off." });
        }
        yield event;
      }
    },
  };
}

type Message = { type: string; address?: string };
type Started = { child: ChildProcess; address: string };

/** The worker program, once it can be asked. */
async function forkWorker(words: readonly string[]): Promise<Started> {
  const child = fork("dist/worker.mjs", [...words, "--controller", api.url], {
    env: { ...process.env, PARLEY_WORKER_SECRET: TEST_SECRET, LOG_LEVEL: "error" },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  children.push(child);
  let address = "";
  for (;;) {
    const [message] = (await once(child, "message")) as [Message];
    if (message.type === "listening") address = message.address ?? "";
    if (message.type === "registered") return { child, address };
  }
}

describe("real processes", () => {
  const KINDS = [
    {
      name: "mock",
      words: ["--kind", "mock", "--model", "mock/long", "--host", "127.0.0.1", "--port", "0"],
      body: {
        model: "mock/long",
        max_tokens: 150,
        messages: [{ role: "user" as const, content: "Go on." }],
      },
    },
    {
      name: "onnx",
      words: ["--model", "models/pico-s", "--host", "127.0.0.1", "--port", "0"],
      body: {
        ...{ model: "pico-s", seed: 7, max_tokens: 250, ignore_eos: true, temperature: 1 },
        messages: [{ role: "user" as const, content: "Tell me a story about a lantern." }],
      },
    },
  ];

  /** Reads an answer, and does `harm` to the worker that writes it when the first of it is there. */
  async function readThrough(
    body: (typeof KINDS)[number]["body"],
    started: readonly Started[],
    harm: NodeJS.Signals | undefined,
  ) {
    const { data, response } = await openai.chat.completions
      .create({ ...body, stream: true })
      .withResponse();
    const workerId = response.headers.get("x-parley-worker") ?? "";
    const [row] = await api.database.db.select().from(workers).where(eq(workers.id, workerId));
    const victim = started.find(({ address }) => row?.address === address);
    let text = "";
    let isHarmed = false;
    for await (const chunk of data) {
      text += chunk.choices[0]?.delta.content ?? "";
      if (text === "" || isHarmed || harm === undefined) continue;
      victim?.child.kill(harm);
      isHarmed = true;
    }
    return { text, workerId };
  }

  test("kill -9 and SIGSTOP in the middle leave no trace in what is read", {
    timeout: 90_000,
  }, async () => {
    const started = await Promise.all(
      KINDS.flatMap(({ words }) => [1, 2, 3].map(() => forkWorker(words))),
    );
    const reads = KINDS.map(async ({ body }) => {
      const whole = await readThrough(body, started, undefined);
      expect(whole.text.length).toBeGreaterThan(200);
      const killed = await readThrough(body, started, "SIGKILL");
      const frozen = await readThrough(body, started, "SIGSTOP");
      expect(killed.text).toBe(whole.text);
      expect(frozen.text).toBe(whole.text);
      expect(frozen.workerId).not.toBe(killed.workerId);
      await vi.waitFor(async () => {
        const records = await readRecords(eq(usageRecords.model, body.model));
        expect(records).toHaveLength(3);
        expect(records.filter(({ segments }) => segments !== null)).toHaveLength(2);
        expect(new Set(records.map(({ completionTokens }) => completionTokens)).size).toBe(1);
      }, 5_000);
    });
    await Promise.all(reads);
  });
});
