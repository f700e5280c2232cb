import { assert } from "@/lib/util/assert";

/** Something that waits, in the lane of who asked for it. */
export type Waiting<Item> = { readonly item: Item; readonly lane: string };

/** Nearly always nobody waits, and its sets are made for the first who does. */
type Lane<Item> = {
  /** Parts of what has already had a turn; they go first, since what is begun should end. */
  underWay: Set<Waiting<Item>> | undefined;
  fresh: Set<Waiting<Item>> | undefined;
  running: number;
  /** When it last had a turn, or came, as a count. */
  servedAt: number;
};

/**
 * Who goes next, when many wait for few places. Everybody has a lane. Those who wait in one go in their
 * order, and among lanes the one goes first of which the fewest run; of equals the one whose last turn is
 * longest ago. So whoever asks little gets all of it, and the rest is shared alike (max-min fairness),
 * within one place, as places come free.
 *
 * The queue has a bound, and no lane can fill it against others: once it is full, the longest lane gives
 * up its newest for the newcomer of a lane that is shorter by more than one.
 *
 * Invariants, checked by `assertConsistent`: no more wait than may; a lane without anybody waiting or
 * running is forgotten, but for the last one that came to that; nobody waits twice.
 */
export class FairQueue<Item> {
  readonly sizeMax: number;
  readonly #lanes = new Map<string, Lane<Item>>();
  /** Empty, and likely to be asked for again in a moment: see Roster for what it takes to forget each at once. */
  #resting: string | undefined;
  #size = 0;
  #turnCount = 0;

  constructor(sizeMax: number) {
    assert(sizeMax > 0, "somebody may wait");
    this.sizeMax = sizeMax;
  }

  get size(): number {
    return this.#size;
  }

  /** Lanes in which somebody waits. */
  get laneCount(): number {
    return [...this.#lanes.values()].filter((lane) => lengthOf(lane) > 0).length;
  }

  waitingIn(lane: string): number {
    const found = this.#lanes.get(lane);
    return found ? lengthOf(found) : 0;
  }

  runningIn(lane: string): number {
    return this.#lanes.get(lane)?.running ?? 0;
  }

  /**
   * Lets `item` wait; also tells who may not wait any longer for that, which may be the newcomer.
   *
   * @param isUnderWay whether it is part of something that has had a turn.
   */
  add(
    item: Item,
    { lane: name, isUnderWay = false }: { lane: string; isUnderWay?: boolean },
  ): { waiting: Waiting<Item>; refused: Waiting<Item> | undefined } {
    const waiting = { item, lane: name };
    const lane = this.#laneOf(name);
    if (isUnderWay) {
      lane.underWay ??= new Set();
      lane.underWay.add(waiting);
    } else {
      lane.fresh ??= new Set();
      lane.fresh.add(waiting);
    }
    this.#size += 1;
    if (this.#size <= this.sizeMax) return { waiting, refused: undefined };
    const longest = this.#longestLane();
    const refused = newestOf(lengthOf(longest) > lengthOf(lane) ? longest : lane);
    this.remove(refused);
    return { waiting, refused };
  }

  /** Takes somebody out without a turn; nothing happens to strangers. */
  remove(waiting: Waiting<Item>): void {
    const lane = this.#lanes.get(waiting.lane);
    if (!lane) return;
    const wasThere = lane.underWay?.delete(waiting) || lane.fresh?.delete(waiting);
    if (wasThere) this.#size -= 1;
    this.#forgetIfEmpty(waiting.lane, lane);
  }

  /**
   * Gives a turn to the first, in the order above, whom `serve` says it has served, and counts it as
   * running in its lane until `end`.
   *
   * @param serve may not change the queue.
   */
  next(serve: (item: Item) => boolean): Waiting<Item> | undefined {
    for (const lane of this.#inOrder()) {
      for (const waiting of waitingOf(lane)) {
        if (!serve(waiting.item)) continue;
        lane.underWay?.delete(waiting);
        lane.fresh?.delete(waiting);
        this.#size -= 1;
        this.#count(lane);
        return waiting;
      }
    }
    return undefined;
  }

  /** Counts as running what never had to wait. */
  begin(lane: string): void {
    this.#count(this.#laneOf(lane));
  }

  /** One of those that run in `lane` has ended. */
  end(lane: string): void {
    const found = this.#lanes.get(lane);
    assert(found && found.running > 0, "what ends has begun");
    found.running -= 1;
    this.#forgetIfEmpty(lane, found);
  }

  /** Everybody who waits, in no order. */
  *[Symbol.iterator](): Generator<Waiting<Item>> {
    for (const lane of this.#lanes.values()) yield* waitingOf(lane);
  }

  /** For tests: throws when an invariant is broken. */
  assertConsistent(): void {
    const lengths = [...this.#lanes.values()].map(lengthOf);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    assert(this.#size === total, "the size is that of the lanes together");
    assert(this.#size <= this.sizeMax, "no more wait than may");
    for (const [name, lane] of this.#lanes) {
      assert(lane.running >= 0, "nothing ends twice");
      const isEmpty = lengthOf(lane) + lane.running === 0;
      assert(!isEmpty || name === this.#resting, "an empty lane is forgotten");
    }
  }

  #laneOf(name: string): Lane<Item> {
    let lane = this.#lanes.get(name);
    if (!lane) {
      lane = { underWay: undefined, fresh: undefined, running: 0, servedAt: 0 };
      this.#lanes.set(name, lane);
    }
    // As if it had just had a turn: who comes and goes would else always be before who stays.
    if (lengthOf(lane) + lane.running === 0) lane.servedAt = ++this.#turnCount;
    return lane;
  }

  #count(lane: Lane<Item>): void {
    lane.running += 1;
    lane.servedAt = ++this.#turnCount;
  }

  #inOrder(): Lane<Item>[] {
    return [...this.#lanes.values()]
      .filter((lane) => lengthOf(lane) > 0)
      .sort((a, b) => a.running - b.running || a.servedAt - b.servedAt);
  }

  #longestLane(): Lane<Item> {
    const [first, ...others] = this.#lanes.values();
    assert(first, "a full queue has a lane");
    return others.reduce((a, b) => (lengthOf(b) > lengthOf(a) ? b : a), first);
  }

  #forgetIfEmpty(name: string, lane: Lane<Item>): void {
    if (lengthOf(lane) + lane.running > 0) return;
    const before = this.#resting;
    this.#resting = name;
    if (before === undefined || before === name) return;
    const rested = this.#lanes.get(before);
    if (rested && lengthOf(rested) + rested.running === 0) this.#lanes.delete(before);
  }
}

/** What is under way is refused only where nothing else is left. */
function newestOf<Item>({ underWay, fresh }: Lane<Item>): Waiting<Item> {
  const newest = [...(fresh ?? [])].at(-1) ?? [...(underWay ?? [])].at(-1);
  assert(newest, "somebody waits in a lane that is too long");
  return newest;
}

/** In their order. */
function waitingOf<Item>({ underWay = new Set(), fresh = new Set() }: Lane<Item>): Waiting<Item>[] {
  return [...underWay, ...fresh];
}

function lengthOf<Item>({ underWay, fresh }: Lane<Item>): number {
  return (underWay?.size ?? 0) + (fresh?.size ?? 0);
}
