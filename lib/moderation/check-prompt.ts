import { EVIDENCE_CHARACTERS_MAX, OPEN_REVIEWS_A_VISITOR_MAX } from "@/lib/arena-limits";
import { ensureVisitor } from "@/lib/auth/visitor-store";
import type { Controller } from "@/lib/controller/controller";
import type { Database } from "@/lib/db/client";
import { env } from "@/lib/env";
import { AppError, toAppError } from "@/lib/errors";
import type { ModerationRules } from "@/lib/protocol/arena-settings";
import { log } from "@/lib/telemetry/log";
import { askClassifier } from "./judge-classifier";
import { askEndpoint, type Judgement } from "./judge-endpoint";
import { findStrikes, heldBack } from "./patterns";
import { countOpenReviews, createReview } from "./store";

export type PromptCheck = {
  db: Database;
  controller: Controller;
  rules: ModerationRules;
  visitorId: string;
  /** Null of a conversation's first prompt. */
  conversationId: string | null;
  prompt: string;
  requestId: string;
  signal: AbortSignal;
};

/**
 * Holds a prompt back before any model or worker hears of it, where an operator's rules say so. What is
 * held back waits for the operator's eyes, with the prompt, until too much of one visitor's waits. Without rules it does nothing.
 *
 * @throws AppError `forbidden` of a prompt that is held back, `unavailable` while nobody can judge it.
 */
export async function checkPrompt(check: PromptCheck): Promise<void> {
  const { rules, prompt } = check;
  const strikes = findStrikes(rules.patterns, prompt);
  // What a rule holds back needs no judge, and is told to none.
  if (strikes.length > 0) return holdBack(check, { patterns: strikes });
  const judgement = await judge(check);
  if (judgement === undefined) return;
  const categories = Object.fromEntries(
    Object.entries(judgement.scores).filter(([, score]) => score >= rules.scoreMin),
  );
  const isOver = rules.scoreMin < 1 && Object.keys(categories).length > 0;
  if (judgement.isFlagged || isOver) return holdBack(check, { judge: rules.judge, categories });
}

/** Undefined without a judge, and where one is away and the rules let prompts pass then. */
async function judge(check: PromptCheck): Promise<Judgement | undefined> {
  const { rules, controller, prompt, requestId, signal } = check;
  if (rules.judge === "none") return undefined;
  try {
    if (rules.judge === "classifier") {
      return await askClassifier(controller, { text: prompt, requestId, signal });
    }
    if (rules.endpoint === undefined) throw new Error("no endpoint is set");
    const apiKey = env().PARLEY_MODERATION_KEY;
    return await askEndpoint(rules.endpoint, { text: prompt, apiKey, signal });
  } catch (error) {
    signal.throwIfAborted();
    const { code, cause } = toAppError(error);
    log.warn({ code, err: cause, judge: rules.judge, requestId }, "prompt not judged");
    if (rules.whenAway === "pass") return undefined;
    throw new AppError("unavailable", {
      message:
        "Questions are checked here, and the check does not answer at the moment. Your question is kept; try again in a few seconds.",
      retryAfterSeconds: 5,
      cause: error,
    });
  }
}

async function holdBack(check: PromptCheck, found: Record<string, unknown>): Promise<never> {
  const { db, visitorId, conversationId, prompt } = check;
  await ensureVisitor(db, visitorId);
  const evidence = { ...found, prompt: prompt.slice(0, EVIDENCE_CHARACTERS_MAX) };
  // What one visitor goes on trying is seen from the first of it, and must not hide what others do.
  if ((await countOpenReviews(db, visitorId)) >= OPEN_REVIEWS_A_VISITOR_MAX) throw heldBack();
  await createReview(db, { kind: "moderation", visitorId, conversationId, evidence });
  throw heldBack();
}
