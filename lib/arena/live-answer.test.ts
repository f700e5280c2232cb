import { expect, test } from "vitest";
import { AnswerFacts } from "./answer-facts";
import { LiveAnswer, type StopCause } from "./live-answer";
import type { PlannedAnswer } from "./plan-turn";

const planned: PlannedAnswer = {
  id: "answer",
  parentId: "prompt",
  side: "a",
  attempt: 0,
  modelId: "id",
  modelName: "secret",
  history: [],
};
const newAnswer = (sight: "blind" | "open") => new LiveAnswer(planned, sight);

test.each<[StopCause, string, string]>([
  ["visitor", "", "stopped"],
  ["visitor", "some", "stopped"],
  ["unread", "", "failed"],
  ["exit", "", "failed"],
  ["exit", "some", "stopped"],
])("ended by %s after %j it is %s", (cause, text, status) => {
  const answer = newAnswer("blind");
  answer.tell(text);
  expect(answer.stop(cause)).toBe(true);
  expect(answer.stop("visitor")).toBe(false);
  answer.end = new AnswerFacts(undefined).stop();
  answer.tellRest();
  expect(answer.toEnd()).toMatchObject({ status, content: text, finishReason: null });
});

test("what a model thinks is kept, and told of an answer whose model may be named alone", () => {
  for (const sight of ["blind", "open"] as const) {
    const answer = newAnswer(sight);
    answer.reasoning = "I am the secret model.";
    const view = answer.view(sight);
    expect(view.reasoning).toBe(sight === "open" ? answer.reasoning : "");
    expect(view.model).toBe(sight === "open" ? "secret" : null);
    answer.end = new AnswerFacts("Be brief.").stop();
    expect(answer.toEnd().reasoning).toBe(answer.reasoning);
  }
});

test.each([
  ["all", "one two three ", 7],
  ["a part", "one two ", null],
])("of an answer that was stopped when %s of it had been told", (_, told, completionTokens) => {
  const answer = newAnswer("blind");
  answer.writtenCharacters = "one two three ".length;
  answer.tell(told);
  answer.stop("visitor");
  answer.end = { ...new AnswerFacts(undefined).stop(), completionTokens: 7 };
  answer.tellRest();
  expect(answer.toEnd()).toMatchObject({ status: "stopped", content: told, completionTokens });
});
