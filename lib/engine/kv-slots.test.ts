/**
 * Goal: every sequence finds in its row exactly its own tokens, whatever others do.
 * Method: a cache on paper, whose positions hold token ids instead of keys and values, moved by the
 * same calls; checked against each owner's tokens after every step of seeded random histories.
 */
import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { KvSlots, type RowMover } from "./kv-slots";

const CAPACITY = 60;
const GRID_LENGTH = 5;

/** Rows of token ids. */
class PaperCache implements RowMover {
  readonly rows: number[][];
  copied = 0;
  constructor(rowCount: number) {
    this.rows = Array.from({ length: rowCount }, () => new Array<number>(CAPACITY).fill(-1));
  }
  copyRow(from: number, to: number, length: number) {
    this.copied += length;
    for (let at = 0; at < length; at++) this.rows[to]![at] = this.rows[from]![at]!;
  }
  swapRows(a: number, b: number, length: number) {
    const [first, second] = [this.rows[a]!, this.rows[b]!];
    for (let at = 0; at < length; at++) [first[at], second[at]] = [second[at]!, first[at]!];
  }
}

type Owner = { name: string; ids: number[]; cacheKey: string; group: string };

const range = (start: number, count: number) => Array.from({ length: count }, (_, i) => start + i);

function create(rowCount: number) {
  const cache = new PaperCache(rowCount);
  const slots = new KvSlots<Owner>(rowCount, GRID_LENGTH, cache);
  /** As a pass does: writes the owner's next tokens into its row. */
  const pass = (owner: Owner, count: number) => {
    const { row, length } = slots.locate(owner);
    for (let at = length; at < length + count; at++) cache.rows[row]![at] = written(owner, at);
    slots.advance(owner, count);
  };
  /** A prompt's next tokens, in chunks. */
  const run = (owner: Owner, count: number) => {
    for (let left = count; left > 0; left -= GRID_LENGTH) pass(owner, Math.min(left, GRID_LENGTH));
  };
  const expectOwn = (owner: Owner, label = owner.name) => {
    const { row, length } = slots.locate(owner);
    const own = range(0, length).map((at) => written(owner, at));
    expect(cache.rows[row]!.slice(0, length), label).toEqual(own);
  };
  return { cache, slots, pass, run, expectOwn };
}

const owner = (name: string, ids: number[], cacheKey = ""): Owner => ({
  ...{ name, ids, cacheKey },
  group: cacheKey,
});
/** The same token leaves something else under another key. */
const written = ({ ids, cacheKey }: Owner, at: number) => 10_000 * cacheKey.length + ids[at]!;

describe("a prompt that begins like another", () => {
  const beginning = range(100, 20);

  test("copies whole chunks that a running sequence has, all but its own last token", () => {
    const { slots, run, expectOwn, cache } = create(3);
    const first = owner("first", [...beginning]);
    const same = owner("same", [...beginning]);
    const longer = owner("longer", [...beginning, 7, 8, 9]);
    expect(slots.acquire(first)).toBe(0);
    run(first, 20);
    expect(slots.acquire(same)).toBe(15);
    expect(slots.acquire(longer)).toBe(20);
    expect(cache.copied).toBe(35);
    for (const it of [first, same, longer]) expectOwn(it);
  });

  test("takes the row of a finished one over when the conversation goes on, without its answer", () => {
    const { slots, pass, run, expectOwn, cache } = create(2);
    const turn = owner("turn", [...beginning]);
    slots.acquire(turn);
    run(turn, 20);
    // An answer of seven, the last of which was drawn and never run.
    for (let token = 1; token <= 7; token++) {
      turn.ids.push(token);
      if (token < 7) pass(turn, 1);
    }
    slots.release(turn);
    const next = owner("next", [...turn.ids, 8, 9]);
    expect(slots.acquire(next)).toBe(20);
    expect(cache.copied).toBe(0);
    expectOwn(next);
  });

  test("leaves most of a long row where it is, and copies, while there is another row", () => {
    const { slots, run, cache } = create(2);
    const long = owner("long", [...beginning, ...range(500, 30)]);
    slots.acquire(long);
    run(long, 50);
    slots.release(long);
    expect(slots.acquire(owner("other", [...beginning, 9]))).toBe(20);
    expect(cache.copied).toBe(20);
    const again = owner("again", [...long.ids, 4]);
    expect(slots.acquire(again)).toBe(50);
  });

  test("copies what ran in one pass over several cells, up to the last whole one", () => {
    const { slots, pass } = create(2);
    const first = owner("first", [...beginning]);
    slots.acquire(first);
    pass(first, 18);
    pass(first, 2);
    expect(slots.acquire(owner("longer", [...beginning, 1]))).toBe(15);
  });

  test("runs itself what is less than a chunk, was no whole chunk, or may not be taken", () => {
    const { slots, run } = create(4);
    const first = owner("first", [...beginning.slice(0, 13)]);
    slots.acquire(first);
    run(first, 13);
    expect(slots.acquire(owner("short", [...beginning.slice(0, 4), 1, 2]))).toBe(0);
    expect(slots.acquire(owner("rest", [...beginning]))).toBe(10);
    expect(slots.acquire(owner("exact", [...beginning, 1]), 0)).toBe(0);
  });
});

test("nothing is reused under another key", () => {
  const { slots, run } = create(3);
  const plain = owner("plain", range(100, 20));
  slots.acquire(plain);
  run(plain, 20);
  expect(slots.acquire(owner("adapted", [...range(100, 20), 1], "a"))).toBe(0);
  expect(slots.acquire(owner("same", [...range(100, 20), 1]))).toBe(20);
});

test("those of a group decode together, whoever of others joins, rests or leaves", () => {
  const { slots, run, expectOwn } = create(6);
  const all = ["a", "", "a", "b", "", "a"].map((key, index) =>
    owner(`${index}${key}`, range(100 * index, 3 + index), key),
  );
  for (const it of all) {
    slots.acquire(it);
    run(it, 3);
    slots.pack(it);
  }
  const names = () => slots.packed.map(({ row, owners }) => [row, owners.map((it) => it.name)]);
  expect(names()).toEqual([
    [0, ["0a", "2a", "5a"]],
    [3, ["4", "1"]],
    [5, ["3b"]],
  ]);
  slots.unpack(all[0]!);
  slots.release(all[1]!);
  expect(names()).toEqual([
    [0, ["5a", "2a"]],
    [2, ["4"]],
    [3, ["3b"]],
  ]);
  slots.release(all[3]!);
  slots.pack(all[0]!);
  expect(names()).toEqual([
    [0, ["5a", "2a", "0a"]],
    [3, ["4"]],
  ]);
  slots.assertConsistent();
  for (const it of [all[0]!, all[2]!, all[4]!, all[5]!]) expectOwn(it);
});

test("the row unused for longest is overwritten first, and empty ones before it", () => {
  const { slots, run } = create(3);
  const [a, b] = [owner("a", range(0, 20)), owner("b", range(50, 20))];
  for (const it of [a, b]) {
    slots.acquire(it);
    run(it, 20);
  }
  slots.release(b);
  slots.release(a);
  const [c, d] = [owner("c", range(200, 5)), owner("d", range(300, 5))];
  slots.acquire(c);
  slots.acquire(d);
  slots.release(d);
  // Of b nothing is left, of a everything.
  expect(slots.acquire(owner("b again", [...b.ids, 1]))).toBe(0);
  expect(slots.acquire(owner("a again", [...a.ids, 1]))).toBe(20);
});

test("short prompts do not throw out a long conversation that can be reused", () => {
  const { slots, run } = create(3);
  const long = owner("long", range(0, 30));
  slots.acquire(long);
  run(long, 30);
  slots.release(long);
  for (let index = 0; index < 6; index++) {
    const short = owner(`short ${index}`, range(100 * index + 50, GRID_LENGTH - 1));
    slots.acquire(short);
    run(short, GRID_LENGTH - 1);
    slots.release(short);
  }
  expect(slots.acquire(owner("long again", [...long.ids, 1]))).toBe(30);
});

test("misuse is a bug and says so", () => {
  const { slots, pass } = create(1);
  const it = owner("it", range(0, 4));
  slots.acquire(it);
  expect(() => slots.acquire(it)).toThrow(/two rows/);
  expect(() => slots.acquire(owner("other", [1]))).toThrow(/free row/);
  expect(() => pass(it, 5)).toThrow(/owner lacks/);
  expect(() => slots.unpack(it)).toThrow(/packed row/);
  slots.pack(it);
  expect(() => slots.pack(it)).toThrow(/packed once/);
  slots.release(owner("stranger", [1]));
  expect(slots.heldCount).toBe(1);
});

test("fuzz: rows hold their owners' tokens through joins, steps, departures and reuse", () => {
  const seed = Math.floor(Math.random() * 1e9);
  const random = seededRandom(seed);
  const pick = (count: number) => Math.floor(random() * count);
  let reused = 0;
  for (let history = 0; history < 60; history++) {
    const rowCount = 1 + pick(6);
    const { slots, pass, expectOwn } = create(rowCount);
    const prefixes = range(0, 3).map((kind) => range(1_000 * kind, 25));
    const live: (Owner & { promptCount: number; isPacked: boolean })[] = [];
    for (let step = 0; step < 150; step++) {
      const label = `seed ${seed}, history ${history}, step ${step}`;
      const choice = random();
      if (choice < 0.3 && live.length < rowCount) {
        const ids = [
          ...prefixes[pick(3)]!.slice(0, pick(26)),
          ...range(5_000 + pick(90), 1 + pick(8)),
        ];
        const cacheKey = "k".repeat(pick(2));
        const group = `${pick(3)}`;
        const name = `${step}`;
        const it = { name, ids, cacheKey, group, promptCount: ids.length, isPacked: false };
        reused += slots.acquire(it, random() < 0.9 ? it.ids.length : 0);
        live.push(it);
      } else if (choice < 0.55) {
        const it = live.find((other) => !other.isPacked);
        if (it && slots.locate(it).length >= it.promptCount) {
          slots.pack(it);
          it.isPacked = true;
        } else if (it) {
          const left = it.promptCount - slots.locate(it).length;
          pass(it, Math.min(left, GRID_LENGTH));
          if (slots.locate(it).length === it.promptCount) {
            slots.pack(it);
            it.isPacked = true;
            it.ids.push(pick(50));
          }
        }
      } else if (choice < 0.85) {
        const packed = slots.packed.flatMap((it) => it.owners) as typeof live;
        expect(new Set(packed), label).toEqual(new Set(live.filter((it) => it.isPacked)));
        const rested = packed[pick(packed.length)];
        if (rested && random() < 0.2) {
          slots.unpack(rested);
          rested.isPacked = false;
          continue;
        }
        for (const [row, it] of packed.entries()) {
          expect(slots.locate(it).row, label).toBe(row);
          if (it.ids.length >= CAPACITY) continue;
          pass(it, 1);
          it.ids.push(pick(50));
        }
      } else if (live.length > 0) {
        slots.release(live.splice(pick(live.length), 1)[0]!);
      }
      slots.assertConsistent();
      expect(slots.heldCount, label).toBe(live.length);
      for (const it of live) expectOwn(it, label);
    }
    for (const it of live) slots.release(it);
    expect(slots.heldCount).toBe(0);
  }
  expect(reused, `seed ${seed}`).toBeGreaterThan(500);
});
