/** What an answer's headers are made from: see Generation in gateway/generate.ts. */
export type Answered = { workerId?: string; model: string; why: string | undefined };

const NOT_PLAIN = /[^\x20-\x7e]/gu;

/**
 * Who answered and why: `x-parley-worker`, `x-parley-model` and, where another than the very model that
 * was asked for answers, `x-parley-route` with a sentence for people. What is not ASCII in a model's name
 * is percent-encoded, since headers carry nothing else reliably (RFC 9110 §5.5).
 */
export function toAnswerHeaders({ workerId, model, why }: Answered): Record<string, string> {
  return {
    ...(workerId !== undefined && { "x-parley-worker": workerId }),
    "x-parley-model": toAscii(model),
    ...(why !== undefined && { "x-parley-route": toAscii(why) }),
  };
}

function toAscii(text: string): string {
  return text.toWellFormed().replace(NOT_PLAIN, encodeURIComponent);
}
