import { expect, test } from "vitest";
import type { PromptView } from "@/lib/protocol/arena-view";
import type {
  ConversationEvent,
  ConversationMessage,
  TurnAnswer,
} from "@/lib/protocol/conversation-view";
import { answerOf, Thread } from "./thread";

function prompt(id: string, parentId: string | null = null): PromptView {
  return { id, role: "user", parentId, content: `prompt ${id}` };
}

function answer(id: string, parentId: string, rest: Partial<TurnAnswer> = {}): TurnAnswer {
  return {
    ...{ id, role: "assistant", parentId, side: null, content: "", status: "streaming" },
    ...{ finishReason: null, error: null, model: null, stats: null },
    ...{ attempt: 0, reasoning: "", marks: [] },
    ...rest,
  } satisfies TurnAnswer;
}

const start = (ask: PromptView, answers: TurnAnswer[]): ConversationEvent => ({
  type: "turn-start",
  conversationId: "c",
  kind: "chat",
  prompt: ask,
  answers,
});

const delta = (answerId: string, text: string) => ({ type: "text-delta", answerId, text }) as const;

const end = (it: TurnAnswer) => ({ type: "answer-end", answer: it }) as const;

function pair(attempt = 0, parentId = "p"): TurnAnswer[] {
  return (["a", "b"] as const).map((side) =>
    answer(`${side}${attempt}`, parentId, { side, attempt }),
  );
}

test("deltas of two sides interleave, each to its own answer, and an end is told once", () => {
  const thread = new Thread("battle");
  thread.apply(start(prompt("p"), pair()));
  for (const event of [delta("a0", "One"), delta("b0", "Uno"), delta("a0", " two")]) {
    thread.apply(event);
  }
  const b = answer("b0", "p", { side: "b", content: "Uno.", status: "complete" });
  thread.apply(end(b));
  const attempt = thread.turns()[0]?.attempt ?? null;
  expect(answerOf(attempt, "a")?.content).toBe("One two");
  expect(answerOf(attempt, "b")).toEqual(b);
  expect(thread.isStreaming).toBe(true);
  expect(thread.takeEnded()).toEqual([b]);
  expect(thread.takeEnded()).toEqual([]);
});

test("only the turn that an event belongs to becomes another object", () => {
  const thread = new Thread("chat");
  thread.apply(start(prompt("p"), [answer("x", "p", { status: "complete" })]));
  thread.apply(start(prompt("q", "x"), [answer("y", "q")]));
  const before = thread.turns();
  expect(thread.turns()).toBe(before);
  thread.apply(delta("y", "word"));
  const after = thread.turns();
  expect(after).not.toBe(before);
  expect(after[0]).toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  expect(after[1]?.attempt?.answers[0]?.content).toBe("word");
});

test("a chat is followed along its newest answers until another is chosen", () => {
  const thread = new Thread("chat");
  const done = { status: "complete" } as const;
  thread.replace([
    ...[prompt("p"), answer("x1", "p", done), prompt("q", "x1"), answer("y", "q", done)],
    answer("x2", "p", { ...done, attempt: 1 }),
  ]);
  const path = () => thread.turns().map((it) => it.attempt?.answers[0]?.id);
  expect(path()).toEqual(["x2"]);
  thread.showAttempt("p", 0);
  expect(path()).toEqual(["x1", "y"]);

  thread.apply(start(prompt("q2", "x1"), [answer("z", "q2")]));
  expect(path()).toEqual(["x1", "z"]);
  expect(thread.turns()[1]?.branches).toEqual(["q", "q2"]);
  thread.showPrompt("q");
  expect(path()).toEqual(["x1", "y"]);
  // The first prompt said otherwise is a branch too.
  thread.apply(start(prompt("p2"), [answer("w", "p2")]));
  expect(path()).toEqual(["w"]);
  expect(thread.turns()[0]?.branches).toEqual(["p", "p2"]);
});

test("a comparison keeps its attempts, of a battle the newest stands, and a side tried again is replaced", () => {
  for (const kind of ["compare", "battle"] as const) {
    const thread = new Thread(kind);
    thread.apply(start(prompt("p"), pair(0)));
    thread.apply(end(answer("a0", "p", { side: "a", status: "failed" })));
    thread.apply(start(prompt("p"), [answer("a0-again", "p", { side: "a" })]));
    let turn = thread.turns()[0];
    expect(turn?.attempt?.answers.map((it) => it.id)).toEqual(["a0-again", "b0"]);
    thread.apply(start(prompt("p"), pair(1)));
    turn = thread.turns()[0];
    expect(turn?.attempts.map((it) => it.number)).toEqual(kind === "battle" ? [1] : [0, 1]);
    expect(turn?.attempt?.number).toBe(1);
    thread.showAttempt("p", 0);
    expect(thread.turns()[0]?.attempt?.number).toBe(kind === "battle" ? 1 : 0);
  }
});

test("what the server holds takes the place of what was seen, equal turns stay, and ends are not lost", () => {
  const thread = new Thread("compare");
  const settled = pair(0).map((it) => ({ ...it, status: "complete" as const, content: "done" }));
  thread.replace([prompt("p"), ...settled]);
  thread.apply(
    start(
      prompt("q", "p"),
      pair(0, "q").map((it) => ({ ...it, id: `${it.id}-q` })),
    ),
  );
  const before = thread.turns();
  const stored: ConversationMessage[] = [
    ...[prompt("p"), ...structuredClone(settled), prompt("q", "p")],
    ...pair(0, "q").map((it) => ({ ...it, id: `${it.id}-q`, status: "stopped" as const })),
  ];
  thread.replace(stored);
  expect(thread.turns()[0]).toBe(before[0]);
  expect(thread.turns()[1]?.attempt?.answers.map((it) => it.status)).toEqual([
    "stopped",
    "stopped",
  ]);
  expect(thread.takeEnded().map((it) => it.id)).toEqual(["a0-q", "b0-q"]);
  expect(thread.isStreaming).toBe(false);
});

test("messages that lead in a circle end the path", () => {
  const thread = new Thread("compare");
  thread.replace([prompt("p"), { ...prompt("q", "p") }, { ...prompt("r", "q") }, prompt("p", "r")]);
  expect(thread.turns().length).toBeLessThanOrEqual(3);
});

test("the path to a message is shown, whatever was chosen before", () => {
  const thread = new Thread("chat");
  const path = () => thread.turns().flatMap((it) => it.attempt?.answers.map(({ id }) => id) ?? []);
  thread.replace([
    ...[prompt("p"), answer("x1", "p"), answer("x2", "p")],
    ...[prompt("q", "x1"), answer("y", "q"), prompt("p2"), answer("w", "p2")],
  ]);
  expect(path()).toEqual(["w"]);
  expect(thread.showPath("y")).toBe(true);
  expect(path()).toEqual(["x1", "y"]);
  expect(thread.showPath("nowhere")).toBe(false);
  expect(path()).toEqual(["x1", "y"]);
});

test("a long conversation comes in parts, the newest first, and ends up as if it had come whole", () => {
  const all: ConversationMessage[] = [];
  for (let turn = 0; turn < 40; turn++) {
    all.push(
      prompt(`p${turn}`, turn === 0 ? null : `a${turn - 1}`),
      answer(`a${turn}`, `p${turn}`),
    );
    if (turn === 5) all.push(prompt("other", "a4"), answer("other-a", "other"));
  }
  // The branch that goes on is an old one; the newest of its siblings leads nowhere.
  const whole = new Thread("chat");
  whole.replace(all);
  whole.showPath("a39");
  const parts = new Thread("chat");
  parts.merge(all.slice(-20));
  parts.showPath("a39");
  const ids = () => parts.turns().map((it) => it.prompt.id);
  expect(ids()).toEqual(Array.from({ length: 10 }, (_, index) => `p${30 + index}`));
  for (let end = all.length - 20; end > 0; end -= 7) {
    parts.prepend(all.slice(Math.max(0, end - 7), end));
    expect(ids().at(-1)).toBe("p39");
  }
  expect(ids()).toEqual(whole.turns().map((it) => it.prompt.id));
  expect(parts.turns()[5]?.branches).toEqual(["p5", "other"]);
  expect(parts.has("p0")).toBe(true);
  // The newest part again, one answer of it changed: the rest stays as it is.
  const before = parts.turns();
  parts.merge([...all.slice(-20, -1), answer("a39", "p39", { content: "more" })]);
  expect(parts.turns().at(-1)?.attempt?.answers[0]?.content).toBe("more");
  expect(parts.turns()[3]).toBe(before[3]);
});

test("why an answer is not there yet is kept with it until its end", () => {
  const thread = new Thread("chat");
  thread.apply(start(prompt("p"), [answer("x", "p")]));
  const waiting = { reason: "loading", estimateSeconds: 20 } as const;
  thread.apply({ type: "answer-waiting", answerId: "x", waiting });
  const shown = () => thread.turns()[0]?.attempt?.answers[0];
  expect(shown()).toMatchObject({ status: "streaming", waiting });
  thread.apply(delta("x", "word"));
  thread.apply(end(answer("x", "p", { content: "word", status: "complete" })));
  expect(shown()).not.toHaveProperty("waiting");
});
