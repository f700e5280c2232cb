/**
 * Goal: streams as servers of today send them are read for what they say, and none of their ways of going wrong is
 * taken for an answer.
 * Method: a server that writes bytes as each case has them, and the real exchange before it.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type AppError, isAppError } from "@/lib/errors";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { PLAIN_DIALECT } from "./dialect";
import { generateByWire } from "./generate";
import { Upstream } from "./upstream";
import type { WireModel } from "./wire-model";

const never = new AbortController().signal;
const KEY = "sk-secret-of-the-upstream";
const HEAD = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type:";
const STREAM = `${HEAD} text/event-stream; charset=utf-8\r\n\r\n`;
const JSON_HEAD = `${HEAD} application/json\r\n\r\n`;
const DONE = "data: [DONE]\n\n";

const servers: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(async () => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Served = { baseUrl: string; closed: Promise<void> };

/** Answers whoever asks by `write`, as soon as the question is in. */
async function serve(write: (socket: Socket) => void): Promise<Served> {
  const sockets = new Set<Socket>();
  let close: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", close);
    let asked = "";
    socket.on("data", (bytes) => {
      asked += bytes.toString("latin1");
      const [head = "", body] = asked.split("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      if (body !== undefined && body.length >= length) write(socket);
    });
  });
  servers.push({ server, sockets });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A TCP server that listens has an AddressInfo; only pipes have a string.
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}/v1`, closed };
}

const MODEL: WireModel = {
  ...{ name: "m", upstreamName: "m", build: "b", contextLength: 1_000, features: ["chat"] },
  ...{ dialect: PLAIN_DIALECT, description: { skills: [], examplePrompts: [] } },
};

type Outcome = { events: GenerateEvent[]; text: string; error: AppError | undefined };

function toAsked({ baseUrl }: Served, changes: Partial<GenerateRequest> = {}, signal = never) {
  const headers = { authorization: `Bearer ${KEY}` };
  const messages = [textMessage("user", "Tell me.")];
  return {
    upstream: new Upstream({ baseUrl, headers, afterwordMsMax: 50 }),
    ...{ model: MODEL, signal },
    request: { requestId: "r", model: "m", messages, sampling: {}, stop: [], ...changes },
  };
}

async function run(served: Served, changes: Partial<GenerateRequest> = {}): Promise<Outcome> {
  const events: GenerateEvent[] = [];
  const textOf = () => events.map((it) => (it.type === "text-delta" ? it.text : "")).join("");
  try {
    for await (const event of generateByWire(toAsked(served, changes))) events.push(event);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { events, text: textOf(), error };
  }
  return { events, text: textOf(), error: undefined };
}

const answer = async (text: string | Uint8Array, changes: Partial<GenerateRequest> = {}) =>
  run(await serve((socket) => socket.end(text)), changes);

const chunk = (choice: object, more: object = {}) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, ...choice }], ...more })}\n\n`;
const said = (content: unknown, more: object = {}) => chunk({ delta: { content }, ...more });
const over = (reason: string | null) => chunk({ delta: {}, finish_reason: reason });
const endOf = ({ events }: Outcome) => {
  const last = events.at(-1);
  if (last?.type !== "generation-end") throw new Error(`ended with ${last?.type}`);
  return last;
};

describe("forms of a stream", () => {
  const plain = `${said("Grüße, ")}${said("🌊 Fluß")}${over("stop")}${DONE}`;
  const forms: [string, string][] = [
    ["as OpenAI has it", plain],
    ["with two-byte line ends", plain.replaceAll("\n", "\r\n")],
    ["without a blank after the colon", plain.replaceAll("data: ", "data:")],
    [
      "with comments and pings",
      `: OPENROUTER PROCESSING\n\n${plain}`.replaceAll("\n\n", "\n\n: ping\n\n"),
    ],
    [
      "with events of nothing",
      `data:\n\n${plain}`.replaceAll("\n\n", "\n\ndata: \n\nevent: ping\ndata: {}\n\n"),
    ],
    [
      "that begins with filters' results",
      `data: {"choices":[],"prompt_filter_results":[]}\n\n${plain}`,
    ],
    [
      "with a filter's late word",
      plain.replace(over("stop"), `${over("stop")}${chunk({ content_filter_results: {} })}`),
    ],
    [
      "whose chunks have an empty reason",
      `${said("Grüße, ", { finish_reason: "" })}${said("🌊 Fluß", { finish_reason: "" })}${over("stop")}${DONE}`,
    ],
    ["that ends without a mark", plain.replace(DONE, "")],
  ];

  test.each(forms)("%s", async (_, text) => {
    const outcome = await answer(STREAM + text);
    expect(outcome.error).toBeUndefined();
    expect(outcome.text).toBe("Grüße, 🌊 Fluß");
    expect(endOf(outcome).finishReason).toBe("stop");
  });

  test("byte by byte", async () => {
    const bytes = Buffer.from(STREAM + plain.replaceAll("\n", "\r\n"));
    const served = await serve((socket) => {
      socket.setNoDelay(true);
      let at = 0;
      const next = () => {
        if (at === bytes.length) socket.end();
        else socket.write(bytes.subarray(at, ++at), () => setImmediate(next));
      };
      next();
    });
    expect((await run(served)).text).toBe("Grüße, 🌊 Fluß");
  });

  test("in HTTP/1.0, whole, and of one long line", async () => {
    const long = "word ".repeat(100_000);
    const whole = { choices: [{ message: { content: long }, finish_reason: "stop" }] };
    const text = JSON_HEAD.replace("1.1", "1.0") + JSON.stringify(whole);
    expect((await answer(text, { maxTokens: 200_000 })).text).toBe(long);
  });

  test("content in parts, thoughts among them, is told apart", async () => {
    const thinking = [{ type: "thinking", thinking: [{ type: "text", text: "Hm." }] }];
    const parts = [
      { type: "text", text: "Yes" },
      { type: "reference", reference_ids: [1] },
    ];
    const text = STREAM + said(thinking) + said(parts) + said(".") + over("stop") + DONE;
    const outcome = await answer(text, { splitReasoning: true });
    expect(outcome.text).toBe("Yes.");
    const thoughts = outcome.events.map((it) => (it.type === "reasoning-delta" ? it.text : ""));
    expect(thoughts.join("")).toBe("Hm.");
  });

  test("calls with numbers for ids, and none too many", async () => {
    const call = (index: number) =>
      chunk({
        delta: { tool_calls: [{ index, id: index, function: { name: "f", arguments: "{}" } }] },
      });
    const outcome = await answer(STREAM + call(0) + call(1) + over("tool_calls") + DONE);
    expect(outcome.events.filter(({ type }) => type === "tool-call-start")).toHaveLength(2);
    const many = Array.from({ length: 129 }, (_, index) => call(index)).join("");
    expect((await answer(STREAM + many)).error).toMatchObject({ code: "upstream-invalid" });
  });
});

describe("counts", () => {
  const nothing = { usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } };

  test("zeros of a server that counts nothing are no counts", async () => {
    const text = `${chunk({ delta: { content: "one two three" } }, nothing)}${chunk({ delta: {}, finish_reason: "stop" }, nothing)}`;
    const { usage } = endOf(await answer(STREAM + text + DONE));
    expect(usage.promptTokens).toBeGreaterThan(0);
    expect(usage.completionTokens).toBeGreaterThan(0);
  });

  test("an answer of no tokens is one", async () => {
    const usage = { usage: { prompt_tokens: 7, completion_tokens: 0 } };
    const text = `${STREAM}${over("stop")}data: ${JSON.stringify({ choices: [], ...usage })}\n\n${DONE}`;
    expect(endOf(await answer(text)).usage).toEqual({ promptTokens: 7, completionTokens: 0 });
  });
});

describe("reasons of an end", () => {
  test.each([
    ["length", "length"],
    ["model_length", "length"],
    ["model_context_window_exceeded", "length"],
    ["eos", "stop"],
    ["null", "stop"],
  ])("%s is %s", async (reason, ours) => {
    const text = STREAM + said("a") + over(reason) + DONE;
    expect(endOf(await answer(text)).finishReason).toBe(ours);
  });

  test.each([
    ["content_filter", "invalid-request"],
    ["content_filter: PROHIBITED_CONTENT", "invalid-request"],
    ["sensitive", "invalid-request"],
    ["insufficient_system_resource", "worker-lost"],
    ["network_error", "worker-lost"],
    ["error", "worker-lost"],
    ["function_call_filter: MALFORMED_FUNCTION_CALL", "worker-lost"],
  ])("%s is an error: %s", async (reason, code) => {
    const outcome = await answer(STREAM + said("a") + over(reason) + DONE);
    expect(outcome.error?.code).toBe(code);
  });
});

describe("what is no answer", () => {
  const cases: [string, string, string][] = [
    ["a stream that says nothing but its end", STREAM + DONE, "worker-lost"],
    ["a stream of nothing", STREAM, "worker-lost"],
    [
      "an answer that is cut, its reasons empty",
      STREAM + said("a", { finish_reason: "" }),
      "worker-lost",
    ],
    ["a reply without choices", `${JSON_HEAD}{"status":"ok"}`, "upstream-invalid"],
    ["a reply with none", `${JSON_HEAD}{"choices":[]}`, "upstream-invalid"],
    ["a page", `${HEAD} text/html\r\n\r\n<html>hello</html>`, "upstream-invalid"],
    ["no type", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello", "upstream-invalid"],
    [
      "an error as vLLM told it once",
      `${STREAM}data: {"object":"error","message":"maximum context length is 9","type":"BadRequestError","code":400}\n\n${DONE}`,
      "context-length-exceeded",
    ],
    [
      "an error beside choices",
      `${STREAM}${said("a")}data: {"error":{"code":502,"message":"Provider disconnected"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}\n\n`,
      "upstream-invalid",
    ],
    [
      "an error of its own field",
      `${STREAM}error: {"code":500,"message":"oops"}\n\n`,
      "upstream-invalid",
    ],
    [
      "a rate limit in the middle",
      `${STREAM}data: {"error":{"code":429,"message":"Rate limit exceeded"}}\n\n`,
      "rate-limited",
    ],
  ];
  test.each(cases)("%s", async (_, text, code) => {
    const { error, events } = await answer(text);
    expect(error?.code).toBe(code);
    expect(events.map(({ type }) => type)).not.toContain("generation-end");
  });

  test("an error in a stream tells neither key nor address", async () => {
    const served = await serve((socket) => {
      const { host } = new URL(served.baseUrl);
      const message = `Key ${KEY} is not allowed at ${host}.`;
      socket.end(`${STREAM}data: ${JSON.stringify({ error: { code: 400, message } })}\n\n`);
    });
    const { error } = await run(served);
    expect(error?.code).toBe("invalid-request");
    for (let it: unknown = error; it instanceof Error; it = it.cause) {
      expect(it.message).not.toContain(KEY);
      expect(it.message).not.toContain(new URL(served.baseUrl).host);
    }
  });

  test("an answer without an end is cut off long before it fills the memory", async () => {
    const piece = said("word ".repeat(1_000));
    const served = await serve((socket) => {
      socket.write(STREAM);
      const more = () => {
        while (!socket.destroyed && socket.write(piece));
        if (!socket.destroyed) socket.once("drain", more);
      };
      more();
    });
    const { error, text } = await run(served, { maxTokens: 10 });
    expect(error?.code).toBe("upstream-invalid");
    expect(text.length).toBeLessThan(2_000_000);
    await served.closed;
  });
});

describe("after the reason of the end", () => {
  test("a connection that breaks has told the answer", async () => {
    const served = await serve((socket) => {
      socket.write(STREAM.replace("connection: close", "transfer-encoding: chunked"));
      const text = said("a") + over("stop");
      socket.write(`${text.length.toString(16)}\r\n${text}\r\n`, () => socket.resetAndDestroy());
    });
    const outcome = await run(served);
    expect(outcome.error).toBeUndefined();
    expect(endOf(outcome).finishReason).toBe("stop");
  });

  test("a server that then falls silent is let go", async () => {
    const served = await serve((socket) => socket.write(STREAM + said("a") + over("stop")));
    const outcome = await run(served);
    expect(endOf(outcome).finishReason).toBe("stop");
    await served.closed;
  });

  test.each(["the text", "the end"])("whoever leaves at %s leaves nothing open", async (place) => {
    const whole = chunk({ delta: { content: "a" }, finish_reason: "stop" });
    const served = await serve((socket) => socket.write(STREAM + whole + DONE));
    for await (const { type } of generateByWire(toAsked(served))) {
      if (type === (place === "the end" ? "generation-end" : "text-delta")) break;
    }
    await served.closed;
  });

  test("a filter's refusal leaves nothing open", async () => {
    const served = await serve((socket) => socket.write(STREAM + over("content_filter") + DONE));
    expect((await run(served)).error?.code).toBe("invalid-request");
    await served.closed;
  });

  test("an abort before what follows ends the events", async () => {
    const abort = new AbortController();
    const served = await serve((socket) => socket.write(STREAM + said("a") + over("stop")));
    const types: string[] = [];
    for await (const { type } of generateByWire(toAsked(served, {}, abort.signal))) {
      types.push(type);
      if (type === "text-delta") abort.abort();
    }
    expect(types).not.toContain("generation-end");
    await served.closed;
  });
});
