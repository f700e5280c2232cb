import type { ModelView } from "@/lib/protocol/arena-view";

/** Where a model that is public cannot be asked for by its name, as a sentence; null: it can everywhere. */
export function toReachWords({
  isDirect,
  isApi,
}: Pick<ModelView, "isDirect" | "isApi">): string | null {
  if (isDirect && isApi) return null;
  if (isDirect) return "Not served through the API here.";
  return isApi
    ? "Here to be asked through the API, not in chats."
    : "Here to be met in battles alone.";
}
