export type ConversationViews = typeof import("@/lib/protocol/conversation-view");

/** The shapes of conversations; as those of load-views.ts they travel beside the first request. */
export function loadConversationViews(): Promise<ConversationViews> {
  return import("@/lib/protocol/conversation-view");
}
