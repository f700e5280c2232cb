/** Goal: what the bench counts is what was sent, however the bytes are cut on their way. */
import { expect, test } from "vitest";
import { ReplyReader } from "./reply-reader";

const CHUNKED =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
  "a\r\ndata: one\n\r\n1\r\n\n\r\n12\r\ndata: x\n\ndata: y\n\n\r\n0\r\n\r\n";
const WHOLE = 'HTTP/1.1 429 No\r\ncontent-length: 9\r\nx: y\r\n\r\n{"a":\n1}\n';

function read(text: string, size: number): ReplyReader {
  const reader = new ReplyReader();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    expect(reader.isDone).toBe(false);
    reader.push(bytes.subarray(at, at + size));
  }
  return reader;
}

test.each([1, 2, 3, 7, 1_000])("an answer in pieces of %i bytes", (size) => {
  expect(read(CHUNKED, size)).toMatchObject({ status: 200, isDone: true, lineFeeds: 6 });
  expect(read(CHUNKED, size).bodyBytes).toBe(29);
  expect(read(WHOLE, size)).toMatchObject({ status: 429, isDone: true, lineFeeds: 2 });
});

test("bytes that are no answer are an error", () => {
  expect(() => read("HTTP/1.1 200 OK\r\nserver: x\r\n\r\n", 99)).toThrow("length");
  expect(() => read("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 99)).toThrow(
    "size",
  );
});
