import { ensureVisitor } from "@/lib/auth/visitor-store";
import { checkLimits } from "@/lib/integrity/check-limits";
import { checkPrompt } from "@/lib/moderation/check-prompt";
import { assertHuman } from "@/lib/moderation/humanity";
import type { ConversationKind } from "@/lib/protocol/conversation-view";
import type { Arena } from "./arena";
import { requireTerms } from "./terms";

/** What is known of a turn before anything of it is written or told to anybody. */
export type TurnAsk = {
  kind: ConversationKind;
  /** The first turn of a conversation. */
  isNew: boolean;
  visitorId: string;
  /** A keyed hash of the network that they ask from (auth/network.ts). */
  network: string | undefined;
  /** Null of one that begins. */
  conversationId: string | null;
  prompt: string;
  /** The visitor's own instructions to the model. */
  system: string | undefined;
  /** Names of those that will answer; none of a blind battle, of which a refusal must not say who fights. */
  models: readonly string[];
  requestId: string;
  signal: AbortSignal;
};

/**
 * The one place that is asked before a prompt is written down, counted by a tokenizer or told to a worker.
 *
 * @throws AppError, which is what the visitor is told.
 */
export async function admitTurn(arena: Arena, ask: TurnAsk): Promise<void> {
  await requireTerms(arena, ask.visitorId);
  await ensureVisitor(arena.db, ask.visitorId, ask.network);
  const { db, controller } = arena;
  const rules = await arena.rules.get();
  await assertHuman(db, rules.humanity, ask.visitorId);
  await checkLimits({ db, rules }, { ...ask, isBattle: ask.kind === "battle" });
  // Last: it may ask another server, which need not hear of what is refused anyway.
  const prompt = ask.system === undefined ? ask.prompt : `${ask.system}\n\n${ask.prompt}`;
  await checkPrompt({ ...ask, db, controller, rules: rules.moderation, prompt });
}
