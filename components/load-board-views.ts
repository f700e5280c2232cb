export type BoardViews = typeof import("@/lib/protocol/board-view");

/** The shapes of what is told of boards, which travel beside the first request (load-views.ts). */
export function loadBoardViews(): Promise<BoardViews> {
  return import("@/lib/protocol/board-view");
}
