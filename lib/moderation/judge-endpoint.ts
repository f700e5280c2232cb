import * as z from "zod";
import { MODERATION_CALL_MS_MAX, MODERATION_REPLY_BYTES_MAX } from "@/lib/arena-limits";
import { AppError } from "@/lib/errors";
import type { ModerationRules } from "@/lib/protocol/arena-settings";
import { readLimited } from "./read-limited";

/** What a judge says of a text: whether it would flag it, and its categories by score. */
export type Judgement = { isFlagged: boolean; scores: Readonly<Record<string, number>> };

const replySchema = z.object({
  results: z
    .array(
      z.object({
        flagged: z.boolean(),
        category_scores: z.record(z.string(), z.number()).optional(),
      }),
    )
    .min(1),
});

/**
 * Asks another server's "Create moderation" (OpenAI's API reference, Moderations). It is told the text and
 * nothing of who wrote it.
 *
 * @throws AppError `unavailable` where it gives no answer, or none of that form.
 */
export async function askEndpoint(
  endpoint: NonNullable<ModerationRules["endpoint"]>,
  { text, apiKey, signal }: { text: string; apiKey: string | undefined; signal: AbortSignal },
): Promise<Judgement> {
  const { url, model } = endpoint;
  try {
    const response = await fetch(url, {
      method: "POST",
      // An address that an operator chose is asked, and no other one that it names.
      redirect: "error",
      headers: {
        "content-type": "application/json",
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify({ input: text, ...(model !== undefined && { model }) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(MODERATION_CALL_MS_MAX)]),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return toJudgement(
      replySchema.parse(JSON.parse(await readLimited(response, MODERATION_REPLY_BYTES_MAX))),
    );
  } catch (cause) {
    signal.throwIfAborted();
    throw new AppError("unavailable", {
      message: "The check of questions does not answer at the moment. Try again in a few seconds.",
      retryAfterSeconds: 5,
      cause,
    });
  }
}

function toJudgement({ results }: z.infer<typeof replySchema>): Judgement {
  const scores: Record<string, number> = {};
  for (const { category_scores: own } of results) {
    for (const [category, score] of Object.entries(own ?? {})) {
      scores[category] = Math.max(score, scores[category] ?? 0);
    }
  }
  return { isFlagged: results.some(({ flagged }) => flagged), scores };
}
