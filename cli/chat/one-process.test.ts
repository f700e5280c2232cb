/**
 * Goal: programs get what they expect: one answer from a pipe, events, FastChat's bytes, exit codes.
 * Method: the commands in this process, with streams of the test in place of pipes.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCli } from "../main";
import type { TerminalStreams } from "../terminal";
import { ChatServer } from "./__fixtures__/chat-server";
import { END_OF_MESSAGE } from "./message-reader";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "parley-pipe-"));
let server: ChatServer;
beforeEach(async () => {
  server = await new ChatServer().start();
});
afterEach(() => server.stop());
afterAll(() => rmSync(folder, { recursive: true }));

/** A command with pipes instead of a terminal; `input` absent: the test writes to it. */
function start(words: readonly string[], input?: string) {
  const piped = new PassThrough();
  if (input !== undefined) piped.end(input);
  const said = { written: "", complaints: "" };
  const watchers = new Set<() => void>();
  // What is asked of a pipe is what a stream and a terminal have in common.
  const streams = { input: piped, output: new PassThrough() } as unknown as TerminalStreams;
  const code = runCli(["chat", "--base-url", server.url, ...words], {
    root,
    write: (text) => {
      said.written += text;
      for (const look of watchers) look();
    },
    writeError: (text) => {
      said.complaints += text;
    },
    streams,
  });
  const until = (isThere: () => boolean) =>
    new Promise<void>((settle) => {
      const look = () => isThere() && settle();
      watchers.add(look);
      look();
    });
  return { piped, said, code, until };
}

describe("from a pipe", () => {
  test("the answer is printed, and nothing else", async () => {
    const { said, code } = start(["--system", "Short."], "hi\n");
    const answer = await server.asked();
    expect(answer.asked.messages).toEqual([
      { role: "system", content: "Short." },
      { role: "user", content: "hi" },
    ]);
    answer.write("\n Hello,").write(" **you**. ").write("\x1b[2J\n").end();
    expect(await code).toBe(0);
    expect(said).toEqual({ written: "Hello, **you**. \ufffd[2J\n", complaints: "" });
  });

  test.each<[string, Record<string, object>, string]>([
    ["a Parley's", { first: { features: ["embeddings", "tokenize"] } }, "second"],
    ["Mistral's", { first: { capabilities: { completion_chat: false } } }, "second"],
    ["OpenRouter's", { first: { architecture: { output_modalities: ["image"] } } }, "second"],
    ["Together's", { first: { type: "rerank" }, second: { type: "chat" } }, "second"],
    ["one that says nothing", {}, "first"],
    ["one whose fields mean something else", { first: { features: 7, type: "llm" } }, "first"],
  ])("who answers unasked writes answers by the list of %s", async (_, facts, expected) => {
    server.models = ["auto", "first", "second"];
    server.facts = facts;
    const { code } = start([], "hi");
    const answer = await server.asked();
    expect(answer.asked.model).toBe(expected);
    answer.end();
    expect(await code).toBe(0);
  });

  test("where a list says nothing, names do; where none is left, that is told", async () => {
    server.models = ["text-embedding-3-small", "org/bge-reranker-v2", "whisper-1", "beta"];
    const { code } = start([], "hi");
    const answer = await server.asked();
    expect(answer.asked.model).toBe("beta");
    answer.end();
    await code;
    server.models = ["text-embedding-3-small", "whisper-1"];
    const named = start([], "hi");
    expect(await named.code).toBe(1);
    expect(named.said.complaints).toMatch(
      /none of the models .* answers questions\. Name one with --model\. There are: text-embedding-3-small, whisper-1\./,
    );
    server.models = ["reader"];
    server.facts = { reader: { features: ["classify"] } };
    const none = start([], "hi");
    expect(await none.code).toBe(1);
    expect(none.said.complaints).toContain("has no model to talk to");
    expect(none.said.written).toBe("");
  });

  test("an argument comes before what is piped in", async () => {
    const { code } = start(["Review", "this."], "a diff");
    const answer = await server.asked();
    expect(answer.asked.messages).toEqual([{ role: "user", content: "Review this.\n\na diff" }]);
    answer.end();
    expect(await code).toBe(0);
  });

  test("--json prints events, one a line", async () => {
    const { said, code } = start(["--json", "--model", "beta"], "hi");
    const answer = await server.asked();
    answer.write("", { reasoning_content: "Hm." }).write("Hello\x1b").end("length");
    expect(await code).toBe(0);
    const events = said.written
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events).toEqual([
      { type: "start", model: "beta", server: server.url },
      { type: "reasoning", text: "Hm." },
      { type: "text", text: "Hello\x1b" },
      { type: "end", finishReason: "length", promptTokens: 7, completionTokens: 5 },
    ]);
  });

  test("an answer that breaks off is told as one", async () => {
    const { said, code, until } = start(["--json"], "hi");
    const answer = await server.asked();
    answer.write("Hal");
    await until(() => said.written.includes("Hal"));
    answer.break();
    expect(await code).toBe(1);
    expect(JSON.parse(said.written.trim().split("\n").at(-1)!)).toMatchObject({
      ...{ type: "error", code: "broken-answer" },
    });
    expect(said.complaints).toMatch(/^The connection broke/);
  });
});

test.each([
  [401, {}, { error: { message: "No such key." } }, /^No such key\. Give a key .*--api-key-env/],
  [429, { "retry-after": "2" }, { error: { message: "Slow." } }, /^Slow\. Ask again in 2 s\.\n$/],
  [500, {}, "<html>oops</html>", /^The server failed with status 500\.\n$/],
  [404, {}, "nothing", /status 404\. Is --base-url the address of an API/],
  [400, {}, { error: { message: "a\x1b[2J" } }, /^a\ufffd\[2J/],
])("a server that answers %i is told of in a sentence", async (status, headers, body, said) => {
  server.refusal = { status, headers: headers as Record<string, string>, body };
  const one = start(["--model", "alpha"], "hi");
  expect(await one.code).toBe(1);
  expect(one.said.complaints).toMatch(said);
  expect(one.said.written).toBe("");
});

test("a key is read from the variable that is named, and from no other", async () => {
  process.env.OPENAI_API_KEY = "sk-of-somebody";
  process.env.TEST_CHAT_KEY = "sk-named";
  for (const [words, key] of [
    [[], undefined],
    [["--api-key-env", "TEST_CHAT_KEY"], "Bearer sk-named"],
  ] as const) {
    server.keys = [];
    const { code } = start(words, "hi");
    (await server.asked()).end();
    expect(await code).toBe(0);
    expect(new Set(server.keys)).toEqual(new Set([key]));
  }
  delete process.env.OPENAI_API_KEY;
  delete process.env.TEST_CHAT_KEY;
});

test.each(["sk-of\nsomebody", "sk-of-ключ", "sk\tof"])(
  "a key that no header can hold is refused by its variable's name",
  async (key) => {
    process.env.TEST_CHAT_KEY = key;
    const { said, code } = start(["--api-key-env", "TEST_CHAT_KEY"], "hi");
    expect(await code).toBe(2);
    expect(said.complaints).toMatch(/^What TEST_CHAT_KEY holds can be no key: /);
    expect(said.complaints).not.toContain("sk");
    delete process.env.TEST_CHAT_KEY;
    const typed = start(["--api-key", key], "hi");
    expect(await typed.code).toBe(2);
    expect(typed.said.complaints).toMatch(/^What --api-key holds can be no key: /);
  },
);

test("an address with a password in it is refused, and not shown", async () => {
  const { said, code } = start(["--base-url", "http://me:hunter22@127.0.0.1:9"], "hi");
  expect(await code).toBe(2);
  expect(said.complaints).toMatch(/^--base-url holds a name or password/);
  expect(said.complaints).not.toContain("hunter22");
});

test("--json tells of what went wrong before there was a question, too", async () => {
  server.refusal = { status: 401, body: { error: { message: "No such key." } } };
  const refused = start(["--json"], "hi");
  expect(await refused.code).toBe(1);
  const [event, ...others] = refused.said.written.trim().split("\n");
  expect(others).toEqual([]);
  expect(JSON.parse(event ?? "")).toMatchObject({ type: "error", code: "refused-key" });
  let written = "";
  const code = await runCli(["chat", "--json", "--local", join(folder, "nowhere"), "hi"], {
    root,
    write: (text) => {
      written += text;
    },
    writeError: () => {},
  });
  expect(code).toBe(1);
  expect(JSON.parse(written)).toMatchObject({ type: "error", code: "unusable-folder" });
});

test.each([
  ["OpenAI's", { error: { message: "Out of memory.", code: 500 } }],
  ["a string's", { error: "Out of memory." }],
  ["FastChat's", { text: "Out of memory.", error_code: 50002 }],
  ["FastChat's of later", { object: "error", message: "Out of memory.", code: 50002 }],
])("an error in the middle of a stream is told in %s form", async (_, event) => {
  const { said, code } = start(["--model", "alpha"], "hi");
  const answer = await server.asked();
  // FastChat ends a stream that failed like any other.
  answer.write("Half").send(event).send("[DONE]");
  expect(await code).toBe(1);
  expect(said).toEqual({ written: "Half\n", complaints: "Out of memory.\n" });
});

test.each([
  ["FastChat's", 400, { object: "error", message: "Too long.", code: 40303 }, "Too long."],
  ["FastAPI's", 422, { detail: "No such field." }, "No such field."],
])("a refusal is told in %s form", async (_, status, body, said) => {
  server.refusal = { status, body };
  const one = start(["--model", "alpha"], "hi");
  expect(await one.code).toBe(1);
  expect(one.said.complaints).toBe(`${said}\n`);
});

test("a page in an answer's place is told as one", async () => {
  server.refusal = {
    ...{ status: 200, headers: { "content-type": "text/html" } },
    body: "<html>Welcome to the hotel.</html>",
  };
  const { said, code } = start(["--model", "alpha"], "hi");
  expect(await code).toBe(1);
  expect(said.complaints).toMatch(/^What answers at .* is no API: it sent a page\. Is --base-url/);
});

test("a server that knows no streams is heard as well", async () => {
  server.refusal = {
    status: 200,
    body: {
      choices: [{ message: { role: "assistant", content: "All at once." }, finish_reason: "stop" }],
      usage: { prompt_tokens: 3, completion_tokens: 4 },
    },
  };
  const { said, code } = start(["--model", "alpha", "--json"], "hi");
  expect(await code).toBe(0);
  expect(
    said.written
      .trim()
      .split("\n")
      .map((it) => JSON.parse(it))
      .slice(1),
  ).toEqual([
    { type: "text", text: "All at once." },
    { type: "end", finishReason: "stop", promptTokens: 3, completionTokens: 4 },
  ]);
});

test.each([
  [["--style", "loud"], "--style loud is none of simple, rich, programmatic."],
  [["--temperature", "3"], "temperature: must be at most 2"],
  [["--roles", "one"], "--roles one names no two roles."],
  [["--local", "x"], "--local and --base-url name two places to ask."],
  [["--json", "--style", "rich"], "--json is a style of its own."],
  [["--api-key-env", "NOT_SET_ANYWHERE"], "The variable NOT_SET_ANYWHERE is not set."],
  [[], "There is no prompt."],
])("%j is used wrongly", async (words, reason) => {
  const { said, code } = start(words, words.length > 0 ? "hi" : "");
  expect(await code).toBe(2);
  expect(said.complaints).toContain(reason);
});

test("--style programmatic is FastChat's, byte for byte", async () => {
  const { piped, said, code, until } = start([
    ...["--style", "programmatic", "--roles", "USER,ASSISTANT"],
  ]);
  const send = (text: string) => piped.write(text + END_OF_MESSAGE);
  piped.write("Hel");
  send("lo\nyou");
  const first = await server.asked();
  expect(first.asked.messages).toEqual([{ role: "user", content: "Hello\nyou" }]);
  first.write(" Hi ").write("there. ").end();
  const one = "[!OP:USER]: Hello\nyou\n[!OP:ASSISTANT]: Hi there.\n";
  await until(() => said.written === one);
  send("!!regen");
  (await server.asked()).write("Hey.").end();
  const two = `${one}[!OP:USER]: !!regen\nregenerating last message...\n[!OP:USER]: Hello\nyou\n[!OP:ASSISTANT]: Hey.\n`;
  await until(() => said.written === two);
  const file = join(folder, "kept");
  send(`!!save ${file}`);
  const three = `${two}[!OP:USER]: !!save ${file}\nsaving... ${file}.json\n`;
  await until(() => said.written === three);
  expect(JSON.parse(readFileSync(`${file}.json`, "utf8")).messages).toEqual([
    ["USER", "Hello\nyou"],
    ["ASSISTANT", "Hey."],
  ]);
  send("!!reset");
  send(`!!load ${file}`);
  send("!!remove");
  send("!!remove");
  send("/help me");
  const last = await server.asked();
  // What begins with a slash is a program's text.
  expect(last.asked.messages).toEqual([{ role: "user", content: "/help me" }]);
  last.write("No.").end();
  const rest = [
    ...["[!OP:USER]: !!reset", "resetting...", `[!OP:USER]: !!load ${file}`],
    ...[`loading... ${file}.json`, "[!OP:USER]: Hello\nyou", "[!OP:ASSISTANT]: Hey."],
    ...["[!OP:USER]: !!remove", "removing last message..."],
    ...["[!OP:USER]: !!remove", "removing last message...", "No messages to remove."],
    ...["[!OP:USER]: /help me", "[!OP:ASSISTANT]: No.", ""],
  ].join("\n");
  await until(() => said.written === three + rest);
  send("!!exit");
  expect(await code).toBe(0);
  expect(said).toEqual({ written: `${three + rest}[!OP:USER]: !!exit\nexit...\n`, complaints: "" });
});

test("--style programmatic is thrown out of its line by an interrupt, and says turns again as FastChat does", async () => {
  const { piped, said, code, until } = start(["--style", "programmatic", "--model", "alpha"]);
  const send = (text: string) => piped.write(text + END_OF_MESSAGE);
  send(" Hello ");
  (await server.asked()).write("Hi.").end();
  const one = "[!OP:user]:  Hello \n[!OP:assistant]: Hi.\n";
  await until(() => said.written === one);
  send("More");
  const stopped = await server.asked();
  stopped.write("Half");
  const two = `${one}[!OP:user]: More\n[!OP:assistant]: Half`;
  await until(() => said.written === two);
  process.emit("SIGINT");
  await stopped.left;
  const three = `${two}stopped generation.\n[!OP:user]: Hello\n[!OP:assistant]: Hi.\n`;
  await until(() => said.written === three);
  piped.end();
  expect(await code).toBe(0);
  expect(said).toEqual({ written: `${three}exit...\n`, complaints: "" });
});

test("doctor looks at what is there, and ends with 1 where something is broken", async () => {
  let written = "";
  const terminal = {
    root,
    write: (text: string) => {
      written += text;
    },
    writeError: () => {},
  };
  const code = await runCli(["doctor", "--json"], terminal);
  const { isWell, checks } = JSON.parse(written);
  expect(code).toBe(isWell ? 0 : 1);
  const names = checks.map(({ name }: { name: string }) => name);
  for (const name of ["node", "memory", "disk", "settings", "secrets", "database", "port"]) {
    expect(names).toContain(name);
  }
  expect(checks).toContainEqual({
    ...{ name: "model pico-s", state: "ok" },
    found: expect.stringMatching(/^whole, SHA-256 [0-9a-f]{12}…$/),
  });
});
