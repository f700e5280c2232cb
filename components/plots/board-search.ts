import type { BoardKey } from "@/lib/protocol/board-key";

/** A board as the search parameters of an address; what is the default stays unsaid. */
export function toBoardSearch({ category, language, style, period }: BoardKey): URLSearchParams {
  return new URLSearchParams({
    ...(category !== "overall" && { category }),
    ...(language !== null && { language }),
    ...(style && { style: "true" }),
    ...(period !== "all" && { period }),
  });
}
