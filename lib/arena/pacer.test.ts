/** Goal: no timing of a blind battle tells its sides apart. Method: the pure pacer on a clock of the test's, by hand and at random. */
import { expect, test } from "vitest";
import type { Side } from "@/lib/protocol/arena-view";
import { seededRandom } from "@/lib/util/random";
import { Pacer, type Released } from "./pacer";

const TICK_MS = 50;

/** A side that says `text` evenly from `firstMs` to `endMs`. */
type Script = { text: string; firstMs: number; endMs: number };
type Told = { atMs: number } & Released;

function play(scripts: Record<Side, Script>, charactersPerSecondMin = 100): Told[] {
  const pacer = new Pacer({ charactersPerSecondMin });
  const said = { a: 0, b: 0 };
  const told: Told[] = [];
  for (let atMs = 0; !pacer.isDone; atMs += TICK_MS) {
    if (atMs > 1e7) throw new Error("never done");
    for (const side of ["a", "b"] as const) {
      const { text, firstMs, endMs } = scripts[side];
      if (atMs < firstMs || said[side] > text.length) continue;
      const share = endMs > firstMs ? (atMs - firstMs) / (endMs - firstMs) : 1;
      const to = Math.min(text.length, 1 + Math.floor(share * (text.length - 1)));
      pacer.add(side, text.slice(said[side], to), atMs);
      said[side] = to;
      if (atMs < endMs) continue;
      pacer.end(side, atMs);
      said[side] = text.length + 1;
    }
    for (const it of pacer.take(atMs)) told.push({ atMs, ...it });
  }
  return told;
}

const textOf = (told: readonly Told[], side: Side) =>
  told
    .filter((it) => it.side === side)
    .map((it) => it.text)
    .join("");
const timesOf = (told: readonly Told[], side: Side) =>
  told.filter((it) => it.side === side).map((it) => [it.atMs, it.text.length, it.isEnd]);
const endOf = (told: readonly Told[], side: Side) =>
  told.find((it) => it.side === side && it.isEnd)?.atMs;

test("a fast side waits for the slow one from the first word to the last", () => {
  const slow = { text: "s".repeat(1_000), firstMs: 2_000, endMs: 22_000 };
  const fast = { text: "f".repeat(1_000), firstMs: 100, endMs: 400 };
  const told = play({ a: slow, b: fast });
  expect(textOf(told, "a")).toBe(slow.text);
  expect(textOf(told, "b")).toBe(fast.text);
  expect(told[0]?.atMs).toBe(2_000);
  expect(timesOf(told, "a")).toEqual(timesOf(told, "b"));
});

test("which side is the fast one changes no time and no length", () => {
  const one = { text: "1".repeat(700), firstMs: 1_500, endMs: 9_000 };
  const two = { text: "2".repeat(700), firstMs: 150, endMs: 900 };
  const [there, back] = [play({ a: one, b: two }), play({ a: two, b: one })];
  for (const side of ["a", "b"] as const) expect(timesOf(there, side)).toEqual(timesOf(back, side));
});

test("when the slow side ends first, the rest of the other comes at its pace and not in a flood", () => {
  const slow = { text: "s".repeat(400), firstMs: 1_000, endMs: 3_000 };
  const fast = { text: "f".repeat(2_000), firstMs: 100, endMs: 300 };
  const told = play({ a: slow, b: fast });
  const after = told.filter((it) => it.side === "b" && it.atMs > 3_000);
  // 200 characters a second in ticks of 50 ms.
  expect(Math.max(...after.map((it) => it.text.length))).toBeLessThanOrEqual(11);
  expect(endOf(told, "b")).toBeGreaterThan(10_000);
  expect(endOf(told, "b")).toBeLessThan(12_000);
});

test("of a very slow side nobody waits for what is there longer than the rule says", () => {
  const slow = { text: "s".repeat(20), firstMs: 1_000, endMs: 21_000 };
  const fast = { text: "f".repeat(1_020), firstMs: 100, endMs: 300 };
  const end = endOf(play({ a: slow, b: fast }, 500), "b");
  expect(end).toBeGreaterThanOrEqual(22_500);
  expect(end).toBeLessThanOrEqual(23_500);
});

test("a side that ended without a word holds nobody up, and its end waits for the other to begin", () => {
  const pacer = new Pacer({ charactersPerSecondMin: 100 });
  pacer.end("a", 10);
  expect(pacer.take(50)).toEqual([]);
  pacer.add("b", "hello", 100);
  expect(pacer.take(100)).toContainEqual({ side: "a", text: "", isEnd: true });
  for (let atMs = 150; atMs < 1_000; atMs += 50) pacer.take(atMs);
  pacer.end("b", 1_000);
  expect(pacer.take(1_050)).toContainEqual({ side: "b", text: "", isEnd: true });
  expect(pacer.isDone).toBe(true);
});

test("a side that is cut keeps what was seen and drops the rest; the other goes on", () => {
  const pacer = new Pacer({ charactersPerSecondMin: 100 });
  pacer.add("a", "a".repeat(50), 0);
  pacer.add("b", "b".repeat(10), 0);
  const seen = pacer.take(0);
  expect(seen.map((it) => it.text.length)).toEqual([10, 10]);
  pacer.cut("a", 20);
  expect(pacer.take(50)).toContainEqual({ side: "a", text: "", isEnd: true });
  pacer.add("b", "more", 60);
  pacer.end("b", 60);
  let rest = "";
  for (let atMs = 100; !pacer.isDone; atMs += 50) {
    for (const { side, text } of pacer.take(atMs)) if (side === "b") rest += text;
  }
  expect(rest).toBe("more");
});

test("no pair of characters is cut in two", () => {
  const pacer = new Pacer({ charactersPerSecondMin: 100 });
  pacer.add("a", "😀😀😀", 0);
  pacer.add("b", "xxx", 0);
  const [a] = pacer.take(0);
  expect(a?.text).toBe("😀");
});

test("whatever both do, all text comes whole, once and in order, and never ahead of the slower one", () => {
  const random = seededRandom(7);
  for (let round = 0; round < 200; round++) {
    const script = (letter: string): Script => {
      const firstMs = Math.floor(random() * 3_000);
      const text = letter.repeat(1 + Math.floor(random() * 500));
      return { text, firstMs, endMs: firstMs + Math.floor(random() * 10_000) };
    };
    const scripts = { a: script("a"), b: script("b") };
    const told = play(scripts);
    const beginsMs = Math.max(scripts.a.firstMs, scripts.b.firstMs);
    expect(told[0]?.atMs).toBeGreaterThanOrEqual(beginsMs);
    const seen = { a: 0, b: 0 };
    for (const side of ["a", "b"] as const) {
      expect(textOf(told, side)).toBe(scripts[side].text);
      expect(told.filter((it) => it.side === side && it.isEnd)).toHaveLength(1);
    }
    for (const { atMs, side, text } of told) {
      seen[side] += text.length;
      const other = scripts[side === "a" ? "b" : "a"];
      if (atMs >= other.endMs) continue;
      const share = (atMs - other.firstMs) / (other.endMs - other.firstMs);
      // Not beyond what the other one had said by then.
      expect(seen[side]).toBeLessThanOrEqual(2 + share * other.text.length);
    }
  }
});
