import type { Database } from "@/lib/db/client";
import { AppError, toAppError } from "@/lib/errors";
import type { Side } from "@/lib/protocol/arena-view";
import {
  type ConversationKind,
  type ConversationSettings,
  conversationSettingsSchema,
} from "@/lib/protocol/conversation-view";
import { assert } from "@/lib/util/assert";
import { isId } from "@/lib/util/id";
import { findPair, type PairModel, type PairRow, readVotes, type VoteRow } from "./battle-store";
import type { ConversationState } from "./conversation-state";
import { findConversation, readSkeleton } from "./store";
import type { Sight } from "./views";

export type LoadedConversation = {
  id: string;
  kind: ConversationKind;
  visitorId: string;
  title: string | null;
  createdAt: Date;
  settings: ConversationSettings;
  /** Null: a chat, which has one model. */
  pair: PairRow | null;
  model: PairModel | null;
  votes: VoteRow[];
  state: ConversationState;
  /** A battle is blind until the vote that opens it; the other kinds are open. */
  sight: Sight;
};

/**
 * A conversation of this visitor's: what was said in it by whom and how it ended, and of the words none.
 *
 * @throws AppError `not-found`, also for another visitor's: that it exists is not told.
 */
export async function loadConversation(
  db: Database,
  by: { conversationId: string; visitorId: string },
): Promise<LoadedConversation> {
  const { conversationId: id, visitorId } = by;
  const row = isId(id) ? await findConversation(db, { id, visitorId }) : undefined;
  if (row === undefined) throw noSuchConversation();
  const { kind, title, createdAt, modelId, modelName } = row;
  const pair = kind === "chat" ? null : await findPair(db, id);
  if (pair === undefined) throw noSuchConversation();
  const votes = pair ? await readVotes(db, pair.id) : [];
  const messages = await readSkeleton(db, id);
  const isBlind = kind === "battle" && !votes.some(({ blind }) => blind);
  // An older version's settings that this one does not know are as good as none.
  const settings = conversationSettingsSchema.catch({}).parse(row.settings);
  return {
    ...{ id, kind, visitorId, title, createdAt, settings, pair, votes },
    model: modelId !== null && modelName !== null ? { id: modelId, name: modelName } : null,
    state: { kind, messages, votes },
    sight: isBlind ? "blind" : "open",
  };
}

/**
 * Runs what reads or writes a conversation in several statements, between which another tab may delete it.
 *
 * @throws AppError `not-found` in the place of whatever then goes wrong.
 */
export async function whileKept<T>(
  db: Database,
  { conversationId: id, visitorId }: { conversationId: string; visitorId: string },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (toAppError(error).code !== "internal") throw error;
    if ((await findConversation(db, { id, visitorId })) !== undefined) throw error;
    throw noSuchConversation();
  }
}

/** The model of a side; null: a chat's one. */
export function modelOf(conversation: LoadedConversation, side: Side | null): PairModel {
  const model = side === null ? conversation.model : conversation.pair?.[side];
  assert(model !== null && model !== undefined, "each place of a conversation has its model");
  return model;
}

export function noSuchConversation(): AppError {
  return new AppError("not-found", { message: "There is no such conversation among yours." });
}
