import { assert } from "@/lib/util/assert";

/**
 * Whose turn it is. Up to `slotCount` members run, one step each in turn; the others wait in order of
 * arrival. Invariants: nobody is in twice; while anyone waits, every slot is taken; between two turns
 * of one member every other running member has exactly one.
 */
export class Scheduler<Member extends object> {
  readonly #slotCount: number;
  /** In order of turn: the next one first. */
  #running: Member[] = [];
  #waiting: Member[] = [];

  constructor(slotCount: number) {
    assert(slotCount > 0, "somebody must be able to run");
    this.#slotCount = slotCount;
  }

  get runningCount(): number {
    return this.#running.length;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Everyone, running first. */
  get members(): readonly Member[] {
    return [...this.#running, ...this.#waiting];
  }

  add(member: Member): void {
    assert(!this.members.includes(member), "a member is added once");
    this.#waiting.push(member);
    this.#admit();
  }

  /** Takes `member` out, and gives its slot to who waits longest. Nothing happens to strangers. */
  remove(member: Member): void {
    this.#running = this.#running.filter((it) => it !== member);
    this.#waiting = this.#waiting.filter((it) => it !== member);
    this.#admit();
  }

  /** Who takes the next step; undefined when nobody is there. */
  next(): Member | undefined {
    const member = this.#running.shift();
    if (member) this.#running.push(member);
    return member;
  }

  #admit(): void {
    while (this.#running.length < this.#slotCount) {
      const member = this.#waiting.shift();
      if (!member) return;
      this.#running.push(member);
    }
  }
}
