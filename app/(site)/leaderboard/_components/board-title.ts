import { readBoardAddress } from "@/components/board/board-address";
import { boardLabel } from "@/components/board/board-labels";
import { type PageParameters, toQuery } from "./page-parameters";

/** What a tab with this board is called, as the page itself calls it when its switches move. */
export function toBoardTitle(category: string, parameters: PageParameters): string {
  const label = boardLabel(readBoardAddress(category, toQuery(parameters)).address.key);
  return label === "Overall" ? "Leaderboard" : `${label} · Leaderboard`;
}
