import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { StopMatcher } from "./stop-matcher";

/** Everything emitted for these pieces, and the stop that ended it. */
function feed(stops: string[], pieces: string[]) {
  const matcher = new StopMatcher(stops);
  let emitted = "";
  for (const piece of pieces) {
    const { text, stopString } = matcher.push(piece);
    emitted += text;
    if (stopString !== undefined) return { emitted, stopString };
  }
  return { emitted: emitted + matcher.flush() };
}

describe("a stop string", () => {
  test("ends the text before itself", () => {
    expect(feed(["END"], ["one END two"])).toEqual({ emitted: "one ", stopString: "END" });
  });

  test("is found across any border", () => {
    expect(feed(["END"], ["one E", "N", "D two"])).toEqual({ emitted: "one ", stopString: "END" });
  });

  test("is withheld in part, and given back when it was none", () => {
    const matcher = new StopMatcher(["END"]);
    expect(matcher.push("an EN")).toEqual({ text: "an " });
    expect(matcher.push("TRY")).toEqual({ text: "ENTRY" });
    expect(matcher.push("E")).toEqual({ text: "" });
    expect(matcher.flush()).toBe("E");
  });

  test("that repeats itself is found when its first beginning was a false one", () => {
    expect(feed(["aab"], ["aaab"])).toEqual({ emitted: "a", stopString: "aab" });
    expect(feed(["aab"], [..."aaab"])).toEqual({ emitted: "a", stopString: "aab" });
  });
});

test("the earliest of several stops wins", () => {
  expect(feed(["two", "one"], ["zero one two"])).toEqual({ emitted: "zero ", stopString: "one" });
});

test("the one that is complete first wins, also within another, however the text comes", () => {
  for (const pieces of [["xabc"], ["xa", "bc"], [..."xabc"]]) {
    expect(feed(["abc", "b"], pieces)).toEqual({ emitted: "xa", stopString: "b" });
    expect(feed(["c", "abc"], pieces)).toEqual({ emitted: "x", stopString: "abc" });
  }
});

test("without stops text passes at once", () => {
  expect(feed([], ["a", "b"])).toEqual({ emitted: "ab" });
});

test("fuzz: never emits a stop string nor loses a character, however the text is cut", () => {
  const seed = 20_260_101;
  const random = seededRandom(seed);
  const draw = (count: number) => Math.floor(random() * count);
  const word = (length: number) => Array.from({ length }, () => "ab"[draw(2)]).join("");
  for (let round = 0; round < 2_000; round++) {
    const stops = Array.from({ length: 1 + draw(3) }, () => word(1 + draw(5)));
    const text = word(30);
    const pieces: string[] = [];
    for (let at = 0; at < text.length; ) {
      const next = at + 1 + draw(5);
      pieces.push(text.slice(at, next));
      at = next;
    }
    const { emitted, stopString } = feed(stops, pieces);
    const label = `seed ${seed}, round ${round}: ${stops.join("|")} in ${pieces.join("|")}`;
    expect(text.startsWith(emitted), label).toBe(true);
    expect(
      stops.some((stop) => emitted.includes(stop)),
      label,
    ).toBe(false);
    expect(stopString !== undefined, label).toBe(stops.some((stop) => text.includes(stop)));
    if (stopString === undefined) expect(emitted, label).toBe(text);
    else {
      expect(stops, label).toContain(stopString);
      expect(text.startsWith(emitted + stopString), label).toBe(true);
    }
    expect(feed(stops, [...text]), label).toEqual({ emitted, stopString });
  }
});
