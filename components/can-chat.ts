import type { ModelView } from "@/lib/protocol/arena-view";

type Asked = Pick<ModelView, "awake" | "features"> & Partial<Pick<ModelView, "isDirect">>;

/** Whether a model can be talked to now by its name: it is awake, writes, and is offered on the pages. */
export function canChat({ awake, features, isDirect = true }: Asked): boolean {
  return awake && isDirect && features.includes("chat");
}
