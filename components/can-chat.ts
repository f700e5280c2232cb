import type { ModelView } from "@/lib/protocol/arena-view";

/** Whether a model can be talked to now: it is awake, and writes. */
export function canChat({ awake, features }: Pick<ModelView, "awake" | "features">): boolean {
  return awake && features.includes("chat");
}
