/** Goal: what is told of a growing text is never taken back, and is all of it. */
import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { GrowingText } from "./growing-text";

function tell(stops: string[], texts: string[]) {
  const growing = new GrowingText(stops);
  return texts.map((text, index) => growing.grow(text, { isLast: index === texts.length - 1 }));
}
const deltas = (stops: string[], texts: string[]) => tell(stops, texts).map(({ delta }) => delta);

describe("a growing text", () => {
  test("is told as what is new of it", () => {
    expect(deltas([], ["One", "One two", "One two", "One two three"])).toEqual([
      ...["One", " two", "", " three"],
    ]);
  });

  test("is told without the half of a character", () => {
    expect(deltas([], ["a\ufffd", "a\ufffd\ufffd\ufffd", "a🎉", "a🎉b"])).toEqual([
      "a",
      "",
      "🎉",
      "b",
    ]);
    expect(deltas([], ["a\ud83c", "a\ud83c\udf89"])).toEqual(["a", "🎉"]);
    // At the end there is no other half.
    expect(deltas([], ["a\ufffd", "a\ufffd"])).toEqual(["a", "\ufffd"]);
    expect(deltas([], ["a\ud83c", "a\ud83c"])).toEqual(["a", "\ufffd"]);
    expect(deltas([], ["a\ud83cb", "a\ud83cbc"])).toEqual(["a\ufffdb", "c"]);
  });

  test("is told without a space that the tokenizer takes back", () => {
    expect(deltas([], ["Well ", "Well.", "Well. I do n", "Well. I don't"])).toEqual([
      ...["Well", ".", " I do", "n't"],
    ]);
  });

  test("ends before the first stop string, whoever noticed it", () => {
    const told = tell(["###", "END"], ["a#", "a##", "a### b END c"]);
    expect(told.map(({ delta }) => delta)).toEqual(["a", "", ""]);
    expect(told.at(-1)?.stopString).toBe("###");
    expect(deltas(["###"], ["a#", "a#b"])).toEqual(["a", "#b"]);
    // Cut off by the worker: what was held back as its beginning is not there.
    expect(deltas(["###"], ["a#", "a"])).toEqual(["a", ""]);
  });

  test("that was changed is an error, and one that is shorter for once is not", () => {
    expect(() => deltas([], ["Hello", "Jello"])).toThrow("changed");
    expect(deltas([], ["Hello you", "Hello", "Hello you all"])).toEqual(["Hello you", "", " all"]);
  });

  test("comes whole in whatever pieces, with no half character and no stop string in it", () => {
    const seed = Date.now() % 1_000_000;
    const random = seededRandom(seed);
    const words = ["a", " b", "🎉", "日本", "#", "##", " ", " 's", "n't", ".", "END"];
    for (let round = 0; round < 300; round += 1) {
      const length = 1 + Math.floor(random() * 20);
      const text = Array.from(
        { length },
        () => words[Math.floor(random() * words.length)] ?? "",
      ).join("");
      const bytes = Buffer.from(text);
      const growing = new GrowingText(["###", "END"]);
      let [told, stopString]: [string, string | undefined] = ["", undefined];
      for (let end = 0; end <= bytes.length && stopString === undefined; end += 1) {
        const sent = bytes.subarray(0, end).toString("utf8");
        const grown = growing.grow(sent, { isLast: end === bytes.length });
        stopString = grown.stopString;
        told += grown.delta;
        expect(told.isWellFormed(), `seed ${seed}`).toBe(true);
      }
      const stops = ["###", "END"].map((it) => text.indexOf(it)).filter((it) => it !== -1);
      const expected = stops.length > 0 ? text.slice(0, Math.min(...stops)) : text;
      expect(told, `seed ${seed}: ${JSON.stringify(text)}`).toBe(expected);
    }
  });
});
