/** What an answer's headers are made from: see Generation in gateway/generate.ts. */
export type Answered = {
  workerId?: string;
  model: string;
  why: string | undefined;
  resumed?: { times: number };
};

const NOT_PLAIN = /[^\x20-\x7e]/gu;

/**
 * Who answered and why: `x-parley-worker` with whom it began, `x-parley-model` and, where another than the very model that
 * was asked for answers, `x-parley-route` with a sentence for people. What is not ASCII in a model's name
 * is percent-encoded, since headers carry nothing else reliably (RFC 9110 §5.5). An answer that is whole says in
 * `x-parley-resumed` how often another worker went on with it.
 */
export function toAnswerHeaders({
  workerId,
  model,
  why,
  resumed,
}: Answered): Record<string, string> {
  const headers: Record<string, string> = {};
  if (workerId !== undefined) headers["x-parley-worker"] = workerId;
  headers["x-parley-model"] = toAscii(model);
  if (why !== undefined) headers["x-parley-route"] = toAscii(why);
  if (resumed && resumed.times > 0) headers["x-parley-resumed"] = String(resumed.times);
  return headers;
}

function toAscii(text: string): string {
  return text.toWellFormed().replace(NOT_PLAIN, encodeURIComponent);
}
