/** Goal: objects that zero bytes end are read however the network cuts them, and nothing grows without a limit. */
import { expect, test } from "vitest";
import { readChunks } from "./read-chunks";

async function* pieces(...texts: (string | Uint8Array)[]) {
  for (const text of texts) yield typeof text === "string" ? Buffer.from(text) : text;
}

async function readAll(bytes: AsyncIterable<Uint8Array>, bytesMax = 100): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const chunk of readChunks(bytes, bytesMax)) all.push(chunk);
  return all;
}

test("objects come whole, and of those that come together the last", async () => {
  expect(await readAll(pieces('{"a":1}\0', '{"a":', "2}\0"))).toEqual([{ a: 1 }, { a: 2 }]);
  expect(await readAll(pieces('{"a":1}\0{"a":2}\0{"a"', ":3}\0"))).toEqual([{ a: 2 }, { a: 3 }]);
  expect(await readAll(pieces('{"a":1}', "\0"))).toEqual([{ a: 1 }]);
  expect(await readAll(pieces("\0", "\0\0"))).toEqual([]);
  const emoji = Buffer.from('{"a":"🎉"}\0');
  expect(await readAll(pieces(emoji.subarray(0, 8), emoji.subarray(8)))).toEqual([{ a: "🎉" }]);
});

test.each([
  ["cut off", ['{"a":1}\0{"a"'], "middle"],
  ["no JSON", ["nonsense\0"], "not valid JSON"],
  ["no UTF-8", [new Uint8Array([0x22, 0xff, 0x22, 0])], "not valid JSON"],
  ["too long", [`"${"x".repeat(60)}`, "x".repeat(60)], "exceeds"],
  ["too long in one", [`"${"x".repeat(120)}"\0`], "exceeds"],
])("a stream that is %s is refused", async (_name, texts, message) => {
  await expect(readAll(pieces(...texts))).rejects.toThrow(message);
});
