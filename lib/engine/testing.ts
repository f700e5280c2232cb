import type { Engine, EngineRequest } from "./engine";
import type { SequenceEvent } from "./sequence";

type EventOf<Type extends SequenceEvent["type"]> = Extract<SequenceEvent, { type: Type }>;

export type Collected = {
  start: EventOf<"sequence-start">;
  text: string;
  deltas: EventOf<"text-delta">[];
  tokens: EventOf<"token">[];
  promptLogProbabilities: number[];
  end: EventOf<"sequence-end">;
};

/** A whole generation, for tests: every event of it, sorted by kind, after checking their order. */
export async function collect(
  engine: Engine,
  request: EngineRequest,
  signal = new AbortController().signal,
  onEvent: (event: SequenceEvent) => void = () => undefined,
): Promise<Collected> {
  const events: SequenceEvent[] = [];
  for await (const event of engine.generate(request, signal)) {
    events.push(event);
    onEvent(event);
  }
  const ofType = <Type extends SequenceEvent["type"]>(type: Type) =>
    events.filter((it): it is EventOf<Type> => it.type === type);
  const start = events[0];
  const end = events.at(-1);
  if (start?.type !== "sequence-start" || end?.type !== "sequence-end") {
    throw new Error(`a generation begins with its start and ends with its end: ${start?.type}`);
  }
  const deltas = ofType("text-delta");
  return {
    start,
    text: deltas.map((it) => it.text).join(""),
    deltas,
    tokens: ofType("token"),
    promptLogProbabilities: ofType("prompt-log-probabilities").flatMap((it) => it.logProbabilities),
    end,
  };
}
