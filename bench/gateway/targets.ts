import { paths } from "@/lib/paths";
import { textMessage } from "@/lib/protocol/message";
import { portkeyHeaders } from "./portkey";
import type { Target } from "./question";

/** The four ways to the same words: our gateway and what stands behind it, the peer and what stands behind that. */
export type Way = "parley" | "worker" | "portkey" | "upstream";

/** What is asked: so many words, at a pace. */
export type Ask = { tokens: number; paceMs: 0 | 200; isStream: boolean };

export type Places = {
  parley: { port: number; key: string };
  worker: { port: number; secret: string };
  portkey?: { port: number };
  upstream: { port: number };
};

/** Each word with the blank before it is one token to the mock, which repeats what it is told. */
const toWords = (count: number) => Array.from({ length: count }, () => "word").join(" ");

/** `mock/slow` counts by itself and is told where to stop. */
const MODELS: Record<Ask["paceMs"], string> = { 0: "mock/echo", 200: "mock/slow" };

/** @returns undefined for a way that is not there. */
export function toTarget(way: Way, ask: Ask, places: Places): Target | undefined {
  if (way === "worker") return workerTarget(ask, places.worker);
  if (way === "parley") {
    const headers = { authorization: `Bearer ${places.parley.key}` };
    return chatTarget(way, ask, { ...places.parley, headers, model: MODELS[ask.paceMs] });
  }
  const model = `echo-${ask.paceMs}`;
  if (way === "upstream") return chatTarget(way, ask, { ...places.upstream, headers: {}, model });
  if (!places.portkey) return undefined;
  const headers = portkeyHeaders(places.upstream.port);
  return chatTarget(way, ask, { ...places.portkey, headers, model });
}

type ChatPlace = { port: number; headers: Record<string, string>; model: string };

function chatTarget(
  name: Way,
  { tokens, isStream }: Ask,
  { port, headers, model }: ChatPlace,
): Target {
  const messages = [{ role: "user", content: toWords(tokens) }];
  const body = JSON.stringify({ model, messages, max_tokens: tokens, stream: isStream });
  const path = paths.v1.chatCompletions;
  // The role, the words, the reason to finish and [DONE], of two line feeds each.
  const lineFeeds = isStream ? { lineFeeds: (tokens + 3) * 2 } : {};
  return { ...{ name, port, path, headers, body, tokens }, ...lineFeeds };
}

/** A worker streams whatever it is asked. */
function workerTarget(
  { tokens, paceMs }: Ask,
  { port, secret }: { port: number; secret: string },
): Target {
  const body = JSON.stringify({
    requestId: "bench",
    model: MODELS[paceMs],
    messages: [textMessage("user", toWords(tokens))],
    ...{ sampling: {}, stop: [], maxTokens: tokens, splitReasoning: true },
  });
  const headers = { authorization: `Bearer ${secret}` };
  // The start, the words and the end, of a line each.
  const lineFeeds = tokens + 2;
  return {
    ...{ name: "worker", port, headers, body, tokens, lineFeeds },
    path: paths.worker.generate,
  };
}
