import { expect, test } from "vitest";
import { readJsonLines, toJsonLine } from "./json-lines";
import { seededRandom } from "./random";

async function* cut(text: string, random: () => number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; ) {
    const end = start + 1 + Math.floor(random() * 5);
    yield bytes.subarray(start, end);
    start = end;
  }
}

async function collect(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax = 1_000,
): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of readJsonLines(chunks, lineBytesMax)) values.push(value);
  return values;
}

test("values come back whole wherever the bytes are cut, code points included", async () => {
  const values = [{ text: "naïve 🦊 \n line" }, [1, 2], "語", null];
  const wire = values.map(toJsonLine).join("");
  for (let seed = 1; seed <= 200; seed++) {
    expect(await collect(cut(wire, seededRandom(seed))), `seed ${seed}`).toEqual(values);
  }
});

test("a last line without its newline counts", async () => {
  expect(await collect(cut('{"a":1}\n{"a":2}', seededRandom(1)))).toEqual([{ a: 1 }, { a: 2 }]);
});

test("empty lines, which keep a connection alive, mean nothing", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const chunks = cut('\n{"a":1}\n\n\n{"a":2}\n\n', seededRandom(seed));
    expect(await collect(chunks), `seed ${seed}`).toEqual([{ a: 1 }, { a: 2 }]);
  }
});

test("garbage and endless lines are refused with their code", async () => {
  const random = seededRandom(7);
  await expect(collect(cut("{oops}\n", random))).rejects.toMatchObject({
    code: "upstream-invalid",
  });
  await expect(collect(cut("1".repeat(5_000), random))).rejects.toMatchObject({
    code: "upstream-invalid",
  });
});
