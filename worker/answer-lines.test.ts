/**
 * Goal: lines that are ready together leave together, and none waits for a line that may never come.
 * Method: a real server and client; what the response is told to write is listened to.
 */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { HELD_LINES_MS_MAX, JOINED_CHARACTERS_MAX } from "@/lib/limits";
import { AnswerLines } from "./answer-lines";

let server: Server;
afterEach(() => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  server.close();
});

type Told = { writes: string[]; isHeadOut: boolean };

/** Answers one request by `tell`; resolves with the answer and with what was written one by one. */
async function ask(
  isWhole: boolean,
  tell: (lines: AnswerLines, told: Told) => void | Promise<void>,
) {
  const told: Told = { writes: [], isHeadOut: false };
  server = createServer((_request, response) => {
    watch(response, told);
    const { signal } = new AbortController();
    const options = { isWhole, signal, stallMsMax: 1_000 };
    // In a promise's turn, as a handler is that has read the body.
    void Promise.resolve().then(() => tell(new AnswerLines(response, options), told));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const reply = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return { ...told, length: reply.headers.get("content-length"), text: await reply.text(), reply };
}

function watch(response: ServerResponse, told: Told): void {
  const { write, end, flushHeaders } = response;
  vi.spyOn(response, "flushHeaders").mockImplementation(() => {
    told.isHeadOut = true;
    flushHeaders.call(response);
  });
  vi.spyOn(response, "write").mockImplementation((text: string) => {
    told.writes.push(text);
    return write.call(response, text, "utf8");
  });
  vi.spyOn(response, "end").mockImplementation((text?: string) => {
    if (text !== undefined) told.writes.push(text);
    return end.call(response, text, "utf8");
  });
}

test("lines of one turn leave in one write, with the head", async () => {
  const { writes, text, reply } = await ask(false, async (lines) => {
    lines.write("a\n");
    await Promise.resolve();
    lines.write("b\n");
    await turn();
    lines.write("c\n");
    await turn();
    lines.write("d\n");
    lines.end();
    lines.end();
  });
  expect(writes).toEqual(["a\nb\n", "c\n", "d\n"]);
  expect(text).toBe("a\nb\nc\nd\n");
  expect(reply.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
});

test.each([false, true])("the head waits for no line (whole: %s)", async (isWhole) => {
  await ask(isWhole, async (lines, told) => {
    for (let count = 0; count < 3; count++) await turn();
    expect(told).toEqual({ writes: [], isHeadOut: true });
    lines.end();
  });
});

test("a whole answer that is over at once is one write, of a length that is told", async () => {
  const { writes, text, length } = await ask(true, async (lines) => {
    lines.write("ä\n");
    await turn();
    lines.write("b\n");
    lines.end();
  });
  expect([writes, text, length]).toEqual([["ä\nb\n"], "ä\nb\n", "5"]);
});

test("of one that lasts, lines wait for the next that comes late enough", async () => {
  let nowMs = 1_000;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  const { writes, length } = await ask(true, async (lines) => {
    lines.write("a\n");
    for (let count = 0; count < 3; count++) await turn();
    for (const [line, ms] of [
      ["b\n", HELD_LINES_MS_MAX - 1],
      ["c\n", 1],
      ["d\n", 1],
      ["e\n", 1],
    ] as const) {
      nowMs += ms;
      lines.write(line);
      await turn();
    }
    lines.end();
  });
  expect(writes).toEqual(["a\n", "b\nc\n", "d\ne\n"]);
  expect(length).toBeNull();
});

test("what is long waits for nothing", async () => {
  const long = "x".repeat(JOINED_CHARACTERS_MAX);
  const { writes } = await ask(true, async (lines) => {
    lines.write(long);
    lines.write("b\n");
    if (lines.isFull) await lines.whenTaken();
    lines.end();
  });
  expect(writes).toEqual([long, "b\n"]);
});
