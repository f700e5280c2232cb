import { expect, test } from "vitest";
import type { AnswerView, MessageView, PromptView, TurnEvent } from "@/lib/protocol/arena-view";
import {
  applyTurnEvent,
  isAnyStreaming,
  markStopped,
  toBattleTurns,
  toChatPath,
} from "./turn-reducer";

function prompt(id: string, parentId: string | null = null): PromptView {
  return { id, role: "user", parentId, content: `prompt ${id}` };
}

function answer(id: string, parentId: string, rest: Partial<AnswerView> = {}): AnswerView {
  return {
    ...{ id, role: "assistant", parentId, side: null, content: "", status: "streaming" },
    ...{ finishReason: null, error: null, model: null, stats: null },
    ...rest,
  } satisfies AnswerView;
}

function play(events: TurnEvent[], from: MessageView[] = []): MessageView[] {
  return events.reduce<MessageView[]>(applyTurnEvent, from);
}

const start = (ask: PromptView, answers: AnswerView[]): TurnEvent => ({
  ...{ type: "turn-start", conversationId: "c", battleId: "b", prompt: ask, answers },
});

test("deltas of two sides interleave, each to its own answer", () => {
  const messages = play([
    start(prompt("p"), [answer("a", "p", { side: "a" }), answer("b", "p", { side: "b" })]),
    { type: "text-delta", answerId: "a", text: "One" },
    { type: "text-delta", answerId: "b", text: "Uno" },
    { type: "text-delta", answerId: "a", text: " two" },
    {
      type: "answer-end",
      answer: answer("b", "p", { side: "b", content: "Uno.", status: "complete" }),
    },
  ]);
  const [turn] = toBattleTurns(messages);
  expect(turn?.a?.content).toBe("One two");
  expect(turn?.b).toMatchObject({ content: "Uno.", status: "complete" });
  expect(isAnyStreaming(messages)).toBe(true);
  expect(isAnyStreaming(markStopped(messages))).toBe(false);
  expect(toBattleTurns(markStopped(messages))[0]?.b?.status).toBe("complete");
});

test("a side tried again takes the place of the failed one and leaves the other alone", () => {
  const before = play([
    start(prompt("p"), [
      answer("a", "p", { side: "a", status: "complete", content: "kept" }),
      answer("b", "p", { side: "b", status: "failed" }),
    ]),
  ]);
  const messages = play([start(prompt("p"), [answer("b2", "p", { side: "b" })])], before);
  expect(messages.map((it) => it.id)).toEqual(["p", "a", "b2"]);
  expect(toBattleTurns(messages)[0]?.a?.content).toBe("kept");
});

test("regenerating keeps both answers; the newest leads until the reader chooses", () => {
  const messages = play([
    start(prompt("p1"), [answer("x", "p1", { status: "complete" })]),
    start(prompt("p2", "x"), [answer("z", "p2", { status: "complete" })]),
    start(prompt("p1"), [answer("y", "p1", { status: "complete" })]),
  ]);
  const newest = toChatPath(messages, {});
  expect(newest.map((it) => it.answer?.id)).toEqual(["y"]);
  expect(newest[0]?.answers.map((it) => it.id)).toEqual(["x", "y"]);
  const chosen = toChatPath(messages, { p1: "x" });
  expect(chosen.map((it) => it.answer?.id)).toEqual(["x", "z"]);
});

test("an empty chat has an empty path", () => {
  expect(toChatPath([], {})).toEqual([]);
  expect(toChatPath([prompt("p")], {})).toEqual([
    { prompt: prompt("p"), answers: [], answer: null },
  ]);
});
