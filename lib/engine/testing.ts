import type { AnswerEvent } from "./answer-events";
import type { Engine, EngineRequest } from "./engine";
import type { PromptToken } from "./sequence";

type EventOf<Type extends AnswerEvent["type"]> = Extract<AnswerEvent, { type: Type }>;

export type Collected = {
  events: AnswerEvent[];
  start: EventOf<"sequence-start">;
  text: string;
  deltas: EventOf<"text-delta">[];
  tokens: EventOf<"token">[];
  /** One for each of the prompt's tokens but the first. */
  promptLogProbabilities: number[];
  promptTokens: PromptToken[];
  end: EventOf<"sequence-end">;
};

/** A whole generation, for tests: every event of it, sorted by kind, after checking their order. */
export async function collect(
  engine: Engine,
  request: EngineRequest,
  signal = new AbortController().signal,
  onEvent: (event: AnswerEvent) => void = () => undefined,
): Promise<Collected> {
  const events: AnswerEvent[] = [];
  for await (const event of engine.generate(request, signal)) {
    events.push(event);
    onEvent(event);
  }
  const ofType = <Type extends AnswerEvent["type"]>(type: Type) =>
    events.filter((it): it is EventOf<Type> => it.type === type);
  const start = events[0];
  const end = events.at(-1);
  if (start?.type !== "sequence-start" || end?.type !== "sequence-end") {
    throw new Error(`a generation begins with its start and ends with its end: ${start?.type}`);
  }
  const deltas = ofType("text-delta");
  const promptTokens = ofType("prompt-tokens").flatMap((it) => it.tokens);
  return {
    events,
    start,
    text: deltas.map((it) => it.text).join(""),
    deltas,
    tokens: ofType("token"),
    promptLogProbabilities: promptTokens.flatMap((it) => it.logProbability ?? []),
    promptTokens,
    end,
  };
}
