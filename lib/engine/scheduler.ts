import { assert } from "@/lib/util/assert";

/** Whoever can be scheduled: a prompt of which some is still to run, then an answer. */
export type Schedulable = {
  /** Prompt tokens that have not run. */
  readonly promptTokensLeft: number;
};

/**
 * Who runs in the next step. A member waits, then its prompt runs in chunks, then it decodes with all
 * others that do, but for times at which something that its next token depends on is not there: then it
 * is parked and keeps its slot. Slots are given in order of arrival, so nobody is overtaken; among the
 * prompts under way the oldest and the shortest take turns, so that a short question does not wait for
 * a book, and a book is not starved by short questions.
 *
 * Invariants: nobody is in twice; while anyone waits, every slot is taken; nobody decodes before its
 * prompt has run.
 */
export class Scheduler<Member extends Schedulable> {
  readonly #slotCount: number;
  #waiting: Member[] = [];
  /** In order of admission. */
  #prefilling: Member[] = [];
  #decoding: Member[] = [];
  #parked: Member[] = [];
  #isShortestTurn = false;

  constructor(slotCount: number) {
    assert(slotCount > 0, "somebody must be able to run");
    this.#slotCount = slotCount;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  get runningCount(): number {
    return this.#prefilling.length + this.#decoding.length + this.#parked.length;
  }

  /** Whether a step would do anything. */
  get isAnyoneRunnable(): boolean {
    return this.#prefilling.length + this.#decoding.length > 0;
  }

  get isAnyoneDecoding(): boolean {
    return this.#decoding.length > 0;
  }

  /** Everyone, those furthest along first. */
  get members(): readonly Member[] {
    return [...this.#decoding, ...this.#parked, ...this.#prefilling, ...this.#waiting];
  }

  add(member: Member): void {
    assert(!this.members.includes(member), "a member is added once");
    this.#waiting.push(member);
    this.#admit();
  }

  /** Takes `member` out, and gives its slot to who waits longest. Nothing happens to strangers. */
  remove(member: Member): void {
    const others = (it: Member) => it !== member;
    this.#waiting = this.#waiting.filter(others);
    this.#prefilling = this.#prefilling.filter(others);
    this.#decoding = this.#decoding.filter(others);
    this.#parked = this.#parked.filter(others);
    this.#admit();
  }

  /** Whose prompt goes on now; undefined when none is under way. */
  nextPrompt(): Member | undefined {
    const oldest = this.#prefilling[0];
    if (!oldest) return undefined;
    const shortest = this.#prefilling.reduce((a, b) =>
      b.promptTokensLeft < a.promptTokensLeft ? b : a,
    );
    const member = this.#isShortestTurn ? shortest : oldest;
    this.#isShortestTurn = !this.#isShortestTurn;
    assert(member.promptTokensLeft > 0, "a prompt under way has tokens left");
    return member;
  }

  /** The member's prompt has run: it decodes from now on. */
  promote(member: Member): void {
    assert(this.#prefilling.includes(member), "only a prompt under way can be done");
    assert(member.promptTokensLeft === 0, "a whole prompt has run");
    this.#prefilling = this.#prefilling.filter((it) => it !== member);
    this.#decoding.push(member);
  }

  /** The member does not decode until it is resumed. */
  park(member: Member): void {
    assert(this.#decoding.includes(member), "only who decodes is parked");
    this.#decoding = this.#decoding.filter((it) => it !== member);
    this.#parked.push(member);
  }

  /** The parked member decodes again. */
  resume(member: Member): void {
    assert(this.#parked.includes(member), "only who is parked is resumed");
    this.#parked = this.#parked.filter((it) => it !== member);
    this.#decoding.push(member);
  }

  #admit(): void {
    while (this.runningCount < this.#slotCount) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#prefilling.push(next);
    }
  }
}
