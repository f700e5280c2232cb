/** Goal: who waits for a model that is loaded first reads so, and a screen reader says it; nobody else does. */
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { TurnAnswer } from "@/lib/protocol/conversation-view";
import { AwaitedText } from "./awaited-text";

function textOf(more: Partial<TurnAnswer> | null): string {
  const answer = more && {
    ...{ id: "a", role: "assistant" as const, parentId: "p", side: null, content: "" },
    ...{ status: "streaming" as const, finishReason: null, error: null, model: null, stats: null },
    ...{ attempt: 0, reasoning: "", marks: [], ...more },
  };
  const html = renderToStaticMarkup(<AwaitedText answer={answer} />);
  return /<p role="status"[^>]*>(.*?)<\/p>/.exec(html)?.[1] ?? "no status";
}

const LOADING = "The model is being loaded by its host…";

test.each([
  [null, ""],
  [{}, ""],
  [{ waiting: { reason: "loading" } }, LOADING],
  [{ waiting: { reason: "loading", estimateSeconds: 0.01 } }, LOADING],
  [
    { waiting: { reason: "loading", estimateSeconds: 1.3 } },
    `${LOADING} It expects to take 1 second.`,
  ],
  [
    { waiting: { reason: "loading", estimateSeconds: 20.4 } },
    `${LOADING} It expects to take 20 seconds.`,
  ],
  [
    { waiting: { reason: "loading", estimateSeconds: 150 } },
    `${LOADING} It expects to take 3 minutes.`,
  ],
  [{ waiting: { reason: "loading" }, reasoning: "Hm." }, ""],
] satisfies [Partial<TurnAnswer> | null, string][])("%j", (answer, text) => {
  expect(textOf(answer)).toBe(text);
});
