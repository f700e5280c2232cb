/**
 * Goal: no sequence of requests gets a conversation into a state that must not be.
 * Method: draw requests at random, let the state machine decide, carry out what it lets through as the
 * store would, and hold every state to the invariants.
 */
import { expect, test } from "vitest";
import { isAppError } from "@/lib/errors";
import type { AnswerStatus, Outcome } from "@/lib/protocol/arena-view";
import type { ConversationKind, PairVoteBody } from "@/lib/protocol/conversation-view";
import { seededRandom } from "@/lib/util/random";
import {
  type ConversationState,
  countTurnsUntil,
  decideVote,
  findSettledPair,
  isSettled,
  type MessageState,
  type Place,
  planAnswers,
  planPrompt,
  sidesOf,
  toAttempts,
  type VoteState,
} from "./conversation-state";
import { toBranch } from "./history";

class Simulation {
  readonly kind: ConversationKind;
  messages: MessageState[] = [];
  votes: VoteState[] = [];
  #ids = 0;

  constructor(kind: ConversationKind) {
    this.kind = kind;
    this.#addTurn(null);
  }

  get state(): ConversationState {
    return { kind: this.kind, messages: this.messages, votes: this.votes };
  }

  ask(parentId?: string | null) {
    const follows = planPrompt(this.state, parentId);
    // What a model will read can always be put together.
    for (const side of sidesOf(this.kind)) toBranch(this.messages, { side, leafId: follows });
    this.#addTurn(follows);
  }

  again(promptId: string, answerId?: string) {
    this.#addAnswers(promptId, planAnswers(this.state, { promptId, answerId }));
  }

  vote(body: PairVoteBody) {
    const decision = decideVote(this.state, body);
    if (decision !== "same") this.votes.push({ ...body, blind: decision === "blind" });
  }

  end(id: string, status: AnswerStatus) {
    const message = this.messages.find((it) => it.id === id);
    if (message?.status !== "streaming") return;
    message.status = status;
    message.isEmpty = status === "failed";
  }

  #addTurn(parentId: string | null) {
    const id = `p${this.#ids++}`;
    const rest = { side: null, attempt: 0, status: null, isEmpty: false };
    this.messages.push({ id, role: "user", parentId, ...rest });
    this.#addAnswers(
      id,
      sidesOf(this.kind).map((side) => ({ side, attempt: 0 })),
    );
  }

  #addAnswers(parentId: string, places: readonly Place[]) {
    for (const place of places) {
      const id = `m${this.#ids++}`;
      const begun = { status: "streaming", isEmpty: true } as const;
      this.messages.push({ id, role: "assistant", parentId, ...place, ...begun });
    }
  }
}

function expectSound({ kind, messages, votes }: Simulation) {
  const get = (id: string) => messages.find((it) => it.id === id)!;
  expect(votes.filter(({ blind }) => blind).length).toBe(
    Math.min(kind === "battle" ? 1 : 0, votes.length),
  );
  expect(new Set(votes.map((it) => `${it.answerAId} ${it.answerBId}`)).size).toBe(votes.length);
  for (const vote of votes) {
    const [a, b] = [get(vote.answerAId), get(vote.answerBId)];
    expect([a.side, b.side]).toEqual(["a", "b"]);
    expect([b.parentId, b.attempt]).toEqual([a.parentId, a.attempt]);
    expect(isSettled(a) && isSettled(b)).toBe(true);
    // What opened a battle is what its visitor goes on seeing.
    if (kind === "battle") expect(toAttempts(messages, a.parentId!).at(-1)?.a).toBe(a);
  }
  const prompts = messages.filter(({ role }) => role === "user");
  const running = messages.filter(({ status }) => status === "streaming");
  expect(
    new Set(running.map(({ parentId, attempt }) => `${parentId} ${attempt}`)).size,
  ).toBeLessThan(2);
  for (const prompt of prompts) {
    if (prompt.parentId === null) continue;
    const parent = get(prompt.parentId);
    expect(parent.role).toBe(kind === "chat" ? "assistant" : "user");
    if (kind !== "chat") expect(findSettledPair(messages, parent.id)).toBeDefined();
  }
  if (kind === "battle") {
    expect(prompts.map(({ parentId }) => parentId)).toEqual([
      ...[null, ...prompts.slice(0, -1).map(({ id }) => id)],
    ]);
  }
  const places = messages.flatMap(({ side, parentId, attempt, status }) =>
    side !== null && status !== "failed" ? [`${parentId} ${side} ${attempt}`] : [],
  );
  // The unique index of the table.
  expect(new Set(places).size).toBe(places.length);
}

test.each(["battle", "compare", "chat"] as const)("no sequence of requests breaks a %s", (kind) => {
  const seed = Date.now();
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const counts = { done: 0, refused: 0, voted: 0 };
  for (let round = 0; round < 100; round++) {
    const simulation = new Simulation(kind);
    for (let step = 0; step < 40; step++) {
      const all = simulation.messages;
      const answers = all.filter((it) => it.role === "assistant");
      const recent = answers.slice(-4);
      const prompts = all.filter((it) => it.role === "user");
      const finish = () => simulation.end(pick(recent).id, "complete");
      const actions = [
        () => simulation.ask(),
        () => simulation.ask(pick([null, ...all.map(({ id }) => id)])),
        () => simulation.again(pick(prompts).id),
        () => simulation.again(pick(prompts).id, pick(answers).id),
        () => simulation.again(recent.at(-1)!.parentId!, pick(recent).id),
        () => simulation.end(pick(recent).id, pick(["stopped", "failed"])),
        ...[finish, finish, finish],
        () =>
          simulation.vote({
            outcome: pick<Outcome>(["a", "b", "tie", "both-bad"]),
            ...{ answerAId: pick(recent).id, answerBId: pick(recent).id },
          }),
        () => {
          const { a, b } = toAttempts(all, pick(prompts.slice(-2)).id).at(-1) ?? {};
          const outcome = pick<Outcome>(["a", "b"]);
          simulation.vote({ outcome, answerAId: a?.id ?? "", answerBId: b?.id ?? "" });
        },
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
  expect(counts.voted > 20).toBe(kind !== "chat");
  expect(counts.done).toBeGreaterThan(300);
  expect(counts.refused).toBeGreaterThan(300);
});

test("the same vote again changes nothing, another is refused", () => {
  const simulation = new Simulation("battle");
  const [a, b] = simulation.messages.filter((it) => it.role === "assistant");
  const vote = { outcome: "a", answerAId: a!.id, answerBId: b!.id } as const;
  expect(() => simulation.vote(vote)).toThrow("two finished answers");
  simulation.end(a!.id, "complete");
  simulation.end(b!.id, "stopped");
  expect(() => simulation.vote({ ...vote, answerAId: b!.id, answerBId: a!.id })).toThrow("side a");
  simulation.vote(vote);
  expect(decideVote(simulation.state, vote)).toBe("same");
  expect(() => simulation.vote({ ...vote, outcome: "b" })).toThrow("has been voted on");
  expect(countTurnsUntil(simulation.state, a!.id)).toBe(1);
});
