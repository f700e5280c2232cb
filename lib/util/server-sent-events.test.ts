import { expect, test } from "vitest";
import { ServerSentEventReader } from "./server-sent-events";

const encode = (text: string) => new TextEncoder().encode(text);

function readAll(pieces: readonly Uint8Array[], bytesMax = 1_000) {
  const reader = new ServerSentEventReader(bytesMax);
  return [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
}

const read = (text: string) => readAll([encode(text)]).map(({ data }) => data);

test("events end at blank lines, and lines at any of the three ends", () => {
  expect(read("data: a\n\ndata: b\r\n\r\ndata: c\r\rdata:d\n\n")).toEqual(["a", "b", "c", "d"]);
});

test("several data lines are one text, comments and other fields none", () => {
  const text = ": ping\nid: 7\nretry: 10\ndata: a\ndata:\ndata:  b\n\n:\n\n";
  expect(read(text)).toEqual(["a\n\n b"]);
});

test("an event has its name, and the next one none", () => {
  const events = readAll([encode("event: error\ndata: a\n\ndata: b\n\nerror: c\n\n")]);
  expect(events).toEqual([
    { event: "error", data: "a" },
    { event: "", data: "b" },
    { event: "error", data: "c" },
  ]);
});

test("an event without its blank line is told at the end", () => {
  expect(read("data: a\n\ndata: b")).toEqual(["a", "b"]);
  expect(read("data: a\n\n")).toEqual(["a"]);
});

test("a mark of byte order at the beginning is no part of it", () => {
  expect(read("\ufeffdata: a\n\n")).toEqual(["a"]);
});

test("wherever the bytes are cut, also within a code point, the events are the same", () => {
  const text =
    "data: häuser 𝄞\r\n\r\n: ping\r\n\r\nevent: error\r\ndata: 漢\r\ndata: x\r\n\r\ndata: [DONE]\n\n";
  const bytes = encode(text);
  const whole = readAll([bytes]);
  expect(whole.map(({ data }) => data)).toEqual(["häuser 𝄞", "漢\nx", "[DONE]"]);
  for (let first = 0; first <= bytes.length; first++) {
    for (const second of [first, first + 1, first + 2, bytes.length]) {
      const pieces = [bytes.slice(0, first), bytes.slice(first, second), bytes.slice(second)];
      expect(readAll(pieces)).toEqual(whole);
    }
  }
});

test("a line of no event's form is refused, and so is one without an end", () => {
  expect(() => read("<html>\n\n")).toThrow("no server-sent event");
  expect(() => readAll([encode(`data: ${"x".repeat(50)}`)], 40)).toThrow("exceeds 40 bytes");
  const lines = "data: xxxxxxxxxx\n".repeat(5);
  expect(() => readAll([encode(lines)], 40)).toThrow("exceeds 40 bytes");
});
