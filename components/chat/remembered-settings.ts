import type { ConversationSettings } from "@/lib/protocol/conversation-view";
import { loadConversationViews } from "../load-conversation-views";

/** In this browser alone: what the next new conversation begins with. */
const KEY = "parley-settings";

export function rememberSettings(settings: ConversationSettings): void {
  try {
    if (Object.keys(settings).length === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing: the settings hold for this conversation.
  }
}

/** None where nothing was kept, or nothing that is still understood. */
export async function readRememberedSettings(): Promise<ConversationSettings> {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept === null) return {};
    const { conversationSettingsSchema } = await loadConversationViews();
    return conversationSettingsSchema.parse(JSON.parse(kept));
  } catch {
    return {};
  }
}
