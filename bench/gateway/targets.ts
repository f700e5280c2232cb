import { paths } from "@/lib/paths";
import { DELIVERY_HEADER, WHOLE_DELIVERY } from "@/lib/protocol/delivery";
import { textMessage } from "@/lib/protocol/message";
import { portkeyHeaders } from "./portkey";
import type { Target } from "./question";
import { ECHO, HELD, HELD_WORDS_STEP } from "./words";

/**
 * The ways to the same words. Both gateways are put before a program of the bench that is as light as can be,
 * and what each adds is what it takes longer than that program alone; ours before our own worker, which
 * counts, meters and logs, is told beside it.
 */
export type Way = "light" | "parley" | "upstream" | "portkey" | "worker" | "through";

/** What is asked: so many words, or words until they are released. */
export type Ask = { tokens: number; isStream: boolean; isHeld?: true };

export type Places = {
  parley: { port: number; key: string };
  light: { port: number };
  worker: { port: number; secret: string };
  portkey?: { port: number };
  upstream: { port: number };
};

/** Each word with the blank before it is one token to the mock, which repeats what it is told. */
const toWords = (count: number) => Array.from({ length: count }, () => "word").join(" ");

const MOCK_MODEL = "mock/echo";

/** @returns undefined for a way that is not there. */
export function toTarget(way: Way, ask: Ask, places: Places): Target | undefined {
  const model = ask.isHeld ? HELD : ECHO;
  if (way === "light") return workerTarget(way, ask, { ...places.light, model: `bench/${model}` });
  if (way === "worker") return workerTarget(way, ask, { ...places.worker, model: MOCK_MODEL });
  if (way === "parley" || way === "through") {
    const headers = { authorization: `Bearer ${places.parley.key}` };
    const name = way === "parley" ? `bench/${model}` : MOCK_MODEL;
    return chatTarget(way, ask, { ...places.parley, headers, model: name });
  }
  if (way === "upstream") return chatTarget(way, ask, { ...places.upstream, headers: {}, model });
  if (!places.portkey) return undefined;
  const headers = portkeyHeaders(places.upstream.port);
  return chatTarget(way, ask, { ...places.portkey, headers, model });
}

type ChatPlace = { port: number; headers: Record<string, string>; model: string };

function chatTarget(
  name: Way,
  { tokens, isStream, isHeld }: Ask,
  { port, headers, model }: ChatPlace,
): Target {
  const messages = [{ role: "user", content: toWords(isHeld ? 1 : tokens) }];
  const body = JSON.stringify({ model, messages, max_tokens: tokens, stream: isStream });
  const path = paths.v1.chatCompletions;
  // The role, the words, the reason to finish and [DONE], of two line feeds each.
  const told = (isHeld ? 3 : tokens + 3) * 2;
  const lineFeeds = isStream ? { lineFeeds: told } : {};
  const step = isHeld ? { lineFeedStep: HELD_WORDS_STEP * 2 } : {};
  return { ...{ name, port, path, headers, body, tokens }, ...lineFeeds, ...step };
}

/** In lines, whatever is asked; all at once for who streams nothing, as the gateway asks for it. */
function workerTarget(
  name: Way,
  { tokens, isStream }: Ask,
  { port, secret = "", model }: { port: number; secret?: string; model: string },
): Target {
  const body = JSON.stringify({
    ...{ requestId: "bench", model, messages: [textMessage("user", toWords(tokens))] },
    ...{ sampling: {}, stop: [], maxTokens: tokens, splitReasoning: true },
  });
  const headers = {
    authorization: `Bearer ${secret}`,
    ...(!isStream && { [DELIVERY_HEADER]: WHOLE_DELIVERY }),
  };
  // The start, the words and the end, of a line each.
  const lineFeeds = tokens + 2;
  return { ...{ name, port, headers, body, tokens, lineFeeds }, path: paths.worker.generate };
}
