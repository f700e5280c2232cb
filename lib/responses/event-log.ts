import type { ResponseEvent } from "@/lib/openai/responses/event";
import type { ResponseBody, ResponseObject } from "@/lib/openai/responses/response-object";
import { type ResponseInput, ResponseWriter } from "@/lib/openai/responses/response-writer";

/**
 * What a background response was made of, event by event, as it is kept: a response and its stream can be
 * made again from it, with the same numbers, by any process. Deltas of text are by far the most, so they
 * are a letter and the text: `t` of the message, `r` of the reasoning, `a` of a call's arguments.
 */
export type LogEntry =
  | readonly ["t", text: string]
  | readonly ["r", text: string, tokens: number]
  | readonly ["a", index: number, text: string]
  /** What the response's object said before a worker answered. */
  | { type: "asked"; model: string; temperature: number | null; top_p: number | null }
  | Exclude<ResponseInput, { type: "text-delta" | "reasoning-delta" | "tool-call-delta" }>;

export function toLogEntry(event: ResponseInput): LogEntry {
  switch (event.type) {
    case "text-delta":
      return ["t", event.text];
    case "reasoning-delta":
      return ["r", event.text, event.tokens];
    case "tool-call-delta":
      return ["a", event.index, event.text];
    default:
      return event;
  }
}

export function toAskedEntry({ model, temperature, top_p }: ResponseBody): LogEntry {
  return { type: "asked", model, temperature, top_p };
}

/** @returns undefined for what is no event of a worker's. */
function toInput(entry: LogEntry): ResponseInput | undefined {
  if (!("type" in entry)) {
    if (entry[0] === "t") return { type: "text-delta", text: entry[1], tokens: 0 };
    if (entry[0] === "r") return { type: "reasoning-delta", text: entry[1], tokens: entry[2] };
    return { type: "tool-call-delta", index: entry[1], text: entry[2], tokens: 0 };
  }
  return entry.type === "asked" ? undefined : entry;
}

export type Kept = { body: ResponseBody; events: readonly LogEntry[] };

/** A response and all that its stream has said so far, from what is kept of it. */
export function replay({ body, events: log }: Kept): {
  response: ResponseObject;
  events: ResponseEvent[];
  isEnded: boolean;
} {
  const [asked] = log;
  const initial: ResponseBody = {
    ...body,
    ...(asked && "type" in asked && asked.type === "asked" && toInitial(asked)),
    ...{ status: "queued", error: null, incomplete_details: null, completed_at: null, usage: null },
  };
  const includesLogProbabilities = log.some(
    (entry) => "type" in entry && entry.type === "token-log-probability",
  );
  const writer = new ResponseWriter(initial, { includesLogProbabilities });
  const events = writer.queue();
  for (const entry of log) {
    const input = toInput(entry);
    if (input) events.push(...writer.add(input));
  }
  const isEnded = body.status !== "queued" && body.status !== "in_progress";
  if (isEnded) events.push(...writer.finish(body));
  return { response: writer.response, events, isEnded };
}

function toInitial({
  model,
  temperature,
  top_p,
}: {
  model: string;
  temperature: number | null;
  top_p: number | null;
}) {
  return { model, temperature, top_p };
}
