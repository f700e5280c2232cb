import { ANSWER_TOKENS_MAX } from "@/lib/limits";
import type { AnswerView, PromptView, TurnEvent } from "@/lib/protocol/arena-view";
import type { Message } from "@/lib/protocol/message";
import { AsyncQueue } from "@/lib/util/async-queue";
import type { Arena } from "./arena";
import { runAnswer } from "./run-answer";
import type { NewAnswer } from "./store";
import { TextPieces } from "./text-pieces";
import { type Sight, toAnswerView } from "./views";

/** An answer that was written down as begun and is now to be generated. */
export type PlannedAnswer = NewAnswer & { modelName: string; history: Message[] };

export type Turn = {
  visitorId: string;
  conversationId: string;
  battleId: string | null;
  sight: Sight;
  prompt: PromptView;
  /** Side a before side b. */
  answers: PlannedAnswer[];
  requestId: string;
  /** Aborts when the reader left. */
  signal: AbortSignal;
};

/**
 * Runs the answers of a turn at once, from now on, and tells of it. The end of each answer is in the
 * database before its `answer-end` is told. A reader that leaves, by the signal or by closing the
 * iteration, stops what still runs; a slow reader stops nothing, since what it has not read is no
 * longer than its answers.
 */
export function takeTurn(arena: Arena, turn: Turn): AsyncIterable<TurnEvent> {
  const queue = new AsyncQueue<TurnEvent>();
  const left = new AbortController();
  const signal = AbortSignal.any([turn.signal, left.signal]);
  const { conversationId, battleId, prompt } = turn;
  const answers = turn.answers.map((answer) => toBegun(answer, turn.sight));
  queue.push({ type: "turn-start", conversationId, battleId, prompt, answers });
  const running = Promise.all(
    turn.answers.map((answer) => tellAnswer({ arena, turn, answer, signal, queue })),
  ).then(
    () => {
      queue.push({ type: "turn-end" });
      queue.end();
    },
    (error: unknown) => {
      left.abort();
      queue.fail(error);
    },
  );
  return {
    [Symbol.asyncIterator]() {
      const events = queue[Symbol.asyncIterator]();
      return {
        next: () => events.next(),
        async return() {
          left.abort();
          await running;
          return { done: true, value: undefined };
        },
      };
    },
  };
}

function toBegun({ id, parentId, side, modelName }: PlannedAnswer, sight: Sight): AnswerView {
  return {
    ...{ id, role: "assistant", parentId, side, content: "", status: "streaming" },
    ...{ finishReason: null, error: null, stats: null },
    model: sight === "open" ? modelName : null,
  };
}

async function tellAnswer(at: {
  arena: Arena;
  turn: Turn;
  answer: PlannedAnswer;
  signal: AbortSignal;
  queue: AsyncQueue<TurnEvent>;
}): Promise<void> {
  const { turn, answer, queue } = at;
  const pieces = turn.sight === "blind" ? new TextPieces() : undefined;
  const tell = (texts: readonly string[]) => {
    for (const text of texts) queue.push({ type: "text-delta", answerId: answer.id, text });
  };
  const row = await runAnswer(at.arena, {
    answerId: answer.id,
    visitorId: turn.visitorId,
    conversationId: turn.conversationId,
    request: {
      requestId: answer.side ? `${turn.requestId}-${answer.side}` : turn.requestId,
      model: answer.modelName,
      messages: answer.history,
      sampling: {},
      stop: [],
      maxTokens: ANSWER_TOKENS_MAX,
    },
    signal: at.signal,
    onText: (text) => {
      if (text !== "") tell(pieces ? pieces.push(text) : [text]);
    },
  });
  tell(pieces?.end() ?? []);
  queue.push({ type: "answer-end", answer: toAnswerView(row, turn.sight) });
}
