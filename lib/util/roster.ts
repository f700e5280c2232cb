/** Who stands in a roster, and where; -1 for who does not. */
export type RosterMember = { rosterAt: number };

/**
 * A set of what comes and goes with each request, in no order. A `Set` or `Map` of V8 makes itself a new table
 * whenever it has become empty, of 150 bytes, and the old one points to it: once a table has grown old all
 * that follow it are made in the old part of the heap, and nothing but a whole collection takes them away.
 */
export class Roster<Member extends RosterMember> {
  readonly #members: Member[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** A member stands in one roster at most, and once. */
  add(member: Member): void {
    if (member.rosterAt !== -1) return;
    member.rosterAt = this.#members.length;
    this.#members.push(member);
  }

  /** @returns whether it stood here. */
  delete(member: Member): boolean {
    const { rosterAt } = member;
    if (rosterAt === -1) return false;
    const last = this.#members.pop();
    if (last !== undefined && last !== member) {
      this.#members[rosterAt] = last;
      last.rosterAt = rosterAt;
    }
    member.rosterAt = -1;
    return true;
  }

  has({ rosterAt }: Member): boolean {
    return rosterAt !== -1;
  }

  /** Those who stand in it now; they may leave while they are looked at. */
  members(): Member[] {
    return [...this.#members];
  }
}
