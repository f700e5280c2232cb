import * as z from "zod";
import { makeHold, makeRate, makeTurns } from "./make-load";
import { type LoadQuestion, loadQuestionSchema } from "./question";

/** Makes load in a process of its own, told by its parent: see `load-generator.ts`. */

const messageSchema = z.object({ id: z.number(), body: loadQuestionSchema });

function answer(question: LoadQuestion): Promise<unknown> {
  if (question.kind === "turns") return makeTurns(question.targets, question);
  if (question.kind === "rate") return makeRate(question.target, question);
  return makeHold(question.target, question);
}

process.on("message", (message) => {
  const { id, body } = messageSchema.parse(message);
  answer(body).then(
    (value) => process.send?.({ id, answer: value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
// The benchmark is gone, however it ended.
process.on("disconnect", () => process.exit());
process.send?.({ id: -1, answer: null });
