import { expect, test } from "vitest";
import type { Attempt } from "@/components/chat/thread";
import type { AnswerStatus } from "@/lib/protocol/arena-view";
import type { TurnAnswer } from "@/lib/protocol/conversation-view";
import { shownStatus, voteBlock, voteOn } from "./judge";

function attempt(a: AnswerStatus, b: AnswerStatus): Attempt {
  const answers = (["a", "b"] as const).map(
    (side): TurnAnswer => ({
      ...{ id: `id-${side}`, role: "assistant", parentId: "p", side, content: "" },
      ...{ status: side === "a" ? a : b, finishReason: null, error: null, model: null },
      ...{ stats: null, attempt: 0, reasoning: "", marks: [] },
    }),
  );
  return { number: 0, answers };
}

const block = (a: AnswerStatus, b: AnswerStatus, rest = {}) =>
  voteBlock({
    ...{ attempt: attempt(a, b), isBlind: true, isOnline: true, isReachable: true },
    ...rest,
  });

test("one may vote on answers that are complete or stopped", () => {
  expect(block("complete", "complete")).toBeNull();
  expect(block("stopped", "complete")).toBeNull();
  expect(block("stopped", "stopped")).toBeNull();
});

test("of a blind pair nothing tells which side ended first", () => {
  const waiting = block("streaming", "streaming");
  expect(waiting).toMatch(/complete or stopped/);
  for (const other of ["complete", "failed"] as const) {
    expect(block(other, "streaming")).toBe(waiting);
    expect(block("streaming", other)).toBe(waiting);
    expect(shownStatus({ status: other }, { status: "streaming" }, true)).toBe("streaming");
    expect(shownStatus({ status: other }, { status: "complete" }, true)).toBe(other);
  }
  // One's own stop is no secret.
  expect(shownStatus({ status: "stopped" }, { status: "streaming" }, true)).toBe("stopped");
});

test("of a named pair each side says how it stands", () => {
  expect(block("complete", "streaming", { isBlind: false })).toBe(
    "A has ended. B is still writing.",
  );
  expect(block("streaming", "stopped", { isBlind: false })).toBe(
    "B has ended. A is still writing.",
  );
});

test("a side that failed, a browser without a network and a server that is away each say what to do", () => {
  expect(block("failed", "complete")).toMatch(/Side A .* again/);
  expect(block("stopped", "failed")).toMatch(/Side B .* again/);
  expect(block("failed", "failed")).toMatch(/Neither/);
  expect(block("complete", "complete", { isOnline: false })).toMatch(/online/);
  expect(block("complete", "complete", { isReachable: false })).toMatch(/server/);
  expect(voteBlock({ attempt: null, isBlind: true, isOnline: true, isReachable: true })).toMatch(
    /both answers/,
  );
});

test("a vote belongs to the two answers that it names", () => {
  const vote = {
    ...{ outcome: "a" as const, answerAId: "id-a", answerBId: "id-b", blind: true, reasons: [] },
  };
  expect(voteOn([vote], attempt("complete", "complete"))).toBe(vote);
  expect(voteOn([{ ...vote, answerBId: "other" }], attempt("complete", "complete"))).toBeNull();
  expect(voteOn([vote], null)).toBeNull();
});
