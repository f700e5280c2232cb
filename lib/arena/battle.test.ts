/**
 * Goal: no sequence of requests gets a battle into a state that must not be.
 * Method: draw requests at random, let the state machine decide, carry out what it lets through as the
 * store would, and hold every state to the invariants.
 */
import { expect, test } from "vitest";
import { isAppError } from "@/lib/errors";
import type { AnswerStatus, Outcome, Side, VoteBody } from "@/lib/protocol/arena-view";
import { seededRandom } from "@/lib/util/random";
import { assertMayRetry, assertMayTakeTurn, decideVote, isSettled, toBattleState } from "./battle";

type Row = {
  id: string;
  role: "user" | "assistant";
  parentId: string | null;
  side: Side | null;
  status: AnswerStatus | null;
};

class Simulation {
  rows: Row[] = [];
  votes: VoteBody[] = [];
  #ids = 0;

  constructor() {
    this.#addTurn(null);
  }

  get state() {
    return toBattleState(this.rows, this.votes[0] ?? null);
  }

  takeTurn() {
    this.#addTurn(assertMayTakeTurn(this.state));
  }

  retry(answerId: string) {
    const { promptId, side } = assertMayRetry(this.state, answerId);
    this.#addAnswer(promptId, side);
  }

  vote(body: VoteBody) {
    if (decideVote(this.state, body) === "count") this.votes.push(body);
  }

  end(id: string, status: AnswerStatus) {
    const row = this.rows.find((it) => it.id === id);
    if (row?.status === "streaming") row.status = status;
  }

  #addTurn(parentId: string | null) {
    const id = `p${this.#ids++}`;
    this.rows.push({ id, role: "user", parentId, side: null, status: null });
    for (const side of ["a", "b"] as const) this.#addAnswer(id, side);
  }

  #addAnswer(parentId: string, side: Side) {
    this.rows.push({
      ...{ id: `m${this.#ids++}`, role: "assistant", parentId, side, status: "streaming" },
    });
  }
}

function expectSound({ rows, votes, state }: Simulation) {
  expect(votes.length).toBeLessThanOrEqual(1);
  for (const vote of votes) {
    const [a, b] = [vote.answerAId, vote.answerBId].map((id) => rows.find((it) => it.id === id)!);
    expect(a!.parentId).toBe(b!.parentId);
    expect([a!.side, b!.side]).toEqual(["a", "b"]);
    expect([a!.status, b!.status].every((it) => it === "complete" || it === "stopped")).toBe(true);
  }
  for (const prompt of rows.filter((it) => it.role === "user")) {
    for (const side of ["a", "b"]) {
      const attempts = rows.filter((it) => it.parentId === prompt.id && it.side === side);
      expect(attempts.slice(0, -1).every((it) => it.status === "failed")).toBe(true);
    }
  }
  for (const turn of state.turns.slice(0, -1)) {
    expect(isSettled(turn.sides.a) && isSettled(turn.sides.b)).toBe(true);
  }
}

test("no sequence of requests breaks a battle", () => {
  const seed = Date.now();
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const counts = { done: 0, refused: 0, voted: 0 };
  for (let round = 0; round < 300; round++) {
    const simulation = new Simulation();
    for (let step = 0; step < 40; step++) {
      const answers = simulation.rows.filter((it) => it.role === "assistant");
      const recent = answers.slice(-4);
      const actions = [
        () => simulation.takeTurn(),
        () => simulation.retry(pick(answers).id),
        () => simulation.end(pick(recent).id, pick(["complete", "complete", "stopped", "failed"])),
        () => simulation.end(pick(recent).id, "complete"),
        () =>
          simulation.vote({
            outcome: pick<Outcome>(["a", "b", "tie", "both-bad"]),
            ...{ answerAId: pick(recent).id, answerBId: pick(recent).id },
          }),
      ];
      try {
        pick(actions)();
        counts.done++;
      } catch (error) {
        if (!isAppError(error)) throw new Error(`seed ${seed}`, { cause: error });
        counts.refused++;
      }
      try {
        expectSound(simulation);
      } catch (cause) {
        throw new Error(`seed ${seed}, round ${round}, step ${step}`, { cause });
      }
    }
    counts.voted += simulation.votes.length;
  }
  // The walk reached what it is about.
  expect(counts.voted).toBeGreaterThan(50);
  expect(counts.done).toBeGreaterThan(1000);
  expect(counts.refused).toBeGreaterThan(1000);
});

test("the same vote again changes nothing, another is refused", () => {
  const simulation = new Simulation();
  const [a, b] = simulation.rows.filter((it) => it.role === "assistant");
  const vote: VoteBody = { outcome: "a", answerAId: a!.id, answerBId: b!.id };
  expect(() => simulation.vote(vote)).toThrow("two finished answers");
  simulation.end(a!.id, "complete");
  simulation.end(b!.id, "stopped");
  expect(() => simulation.vote({ ...vote, answerAId: b!.id, answerBId: a!.id })).toThrow("side a");
  simulation.vote(vote);
  expect(decideVote(simulation.state, vote)).toBe("counted");
  expect(() => simulation.vote({ ...vote, outcome: "b" })).toThrow("has been voted on");
});
