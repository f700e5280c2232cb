import { FLEET_MODEL } from "./fleet";

/**
 * One streamed answer as a client of the API sees it, held against the text that it has to be: the model of
 * a fleet repeats what it was told, so that a gap, a repeat or a word of somebody else's answer shows.
 */

export type Question = { requestId: string; words: string[] };

export type Ending =
  /** Every word, the end and the right count of tokens. */
  | { kind: "complete" }
  /** The stream closed with an error event. */
  | { kind: "error-event"; code: string }
  /** An answer with a status that is no success. */
  | { kind: "refused"; status: number; code: string }
  /** The connection broke, or could not be made. */
  | { kind: "reset" }
  /** Neither end nor error until the deadline. */
  | { kind: "late" }
  /** Words that are not those of the question in their order, or an end before the last of them. */
  | { kind: "wrong"; what: string };

export type Asked = {
  ending: Ending;
  /** Words that arrived. */
  tokenCount: number;
  /** How many had arrived at each moment, by performance.now(): the moment of each word. */
  arrivalsMs: number[];
  startedMs: number;
  endedMs: number;
  /** The longest time without a word after the first one. */
  longestPauseMs: number;
  /** Times that another worker went on with it, as the server tells. */
  resumptions: number;
};

/** Two letters and a number below a thousand are one token of the model, the blank before them included. */
const MARKS = 36 ** 2;

/** Words that no other question of its thousand has. */
export function toQuestion(number: number, tokenCount: number): Question {
  const mark = (number % MARKS).toString(36).padStart(2, "0");
  const words = Array.from({ length: tokenCount }, (_, index) => `${mark}${index % 1_000}`);
  return { requestId: `fleet-${number}`, words };
}

export async function ask(url: string, question: Question, msMax: number): Promise<Asked> {
  const startedMs = performance.now();
  const arrivalsMs: number[] = [];
  const reading: Reading = { text: "", finish: undefined, usage: undefined, resumptions: 0 };
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), msMax);
  const expected = question.words.join(" ");
  let ending: Ending;
  try {
    ending = await read(url, { question, abort, reading, arrivalsMs });
    if (ending.kind === "complete") ending = checkWhole(reading, expected, question.words.length);
  } catch {
    ending = { kind: abort.signal.aborted ? "late" : "reset" };
  } finally {
    clearTimeout(timer);
  }
  if (!expected.startsWith(reading.text)) {
    const from = [...expected].findIndex((letter, index) => letter !== reading.text[index]);
    const what = `“${reading.text.slice(Math.max(0, from - 20), from + 20)}” at ${from}`;
    ending = { kind: "wrong", what };
  }
  return {
    ...{ ending, tokenCount: arrivalsMs.length, arrivalsMs, startedMs, endedMs: performance.now() },
    ...{ longestPauseMs: longestPause(arrivalsMs), resumptions: reading.resumptions },
  };
}

type Reading = {
  text: string;
  finish: string | undefined;
  usage: number | undefined;
  resumptions: number;
};

type ReadOptions = {
  question: Question;
  abort: AbortController;
  reading: Reading;
  arrivalsMs: number[];
};

async function read(url: string, options: ReadOptions): Promise<Ending> {
  const { question, abort, reading, arrivalsMs } = options;
  const reply = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-request-id": question.requestId },
    body: JSON.stringify({
      ...{ model: FLEET_MODEL, stream: true, stream_options: { include_usage: true } },
      messages: [{ role: "user", content: question.words.join(" ") }],
    }),
    signal: abort.signal,
  });
  if (!reply.ok) return { kind: "refused", status: reply.status, code: codeOf(await reply.text()) };
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of reply.body ?? []) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const data = /^data: (.*)$/m.exec(part)?.[1];
      if (data === "[DONE]") return { kind: "complete" };
      if (part.startsWith(":")) {
        if (/resumed/.test(part)) reading.resumptions += 1;
        continue;
      }
      if (data === undefined) continue;
      const event: Chunk = JSON.parse(data);
      if (event.error) return { kind: "error-event", code: event.error.code };
      take(event, reading, arrivalsMs);
    }
  }
  return { kind: "reset" };
}

/** What of a chunk is looked at here. */
type Chunk = {
  error?: { code: string };
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  usage?: { completion_tokens?: number } | null;
};

function take(chunk: Chunk, reading: Reading, arrivalsMs: number[]): void {
  const [choice] = chunk.choices ?? [];
  const text = choice?.delta?.content ?? "";
  reading.text += text;
  const nowMs = performance.now();
  for (const _ of text.match(/\S+/g) ?? []) arrivalsMs.push(nowMs);
  reading.finish = choice?.finish_reason ?? reading.finish;
  reading.usage = chunk.usage?.completion_tokens ?? reading.usage;
}

function checkWhole({ text, finish, usage }: Reading, expected: string, count: number): Ending {
  if (text !== expected) {
    return { kind: "wrong", what: `ended with ${text.length} of ${expected.length} characters` };
  }
  if (finish !== "stop") return { kind: "wrong", what: `the finish reason is ${finish}` };
  if (usage !== count) return { kind: "wrong", what: `${usage} tokens of usage for ${count}` };
  return { kind: "complete" };
}

function codeOf(body: string): string {
  try {
    const { error } = JSON.parse(body);
    return String(error?.code ?? "no code");
  } catch {
    return "no JSON";
  }
}

function longestPause(arrivalsMs: readonly number[]): number {
  return arrivalsMs.reduce((longest, atMs, index) => {
    return Math.max(longest, atMs - (arrivalsMs[index - 1] ?? atMs));
  }, 0);
}
