import type { RatedRow } from "@/components/plots/rated-rows";
import type { BoardKey } from "@/lib/protocol/board-key";

/** What each figure is made of. */
export type FigureBoard = {
  boardKey: BoardKey;
  fingerprint: string;
  /** Best first. */
  rated: readonly RatedRow[];
  /** The board in words. */
  source: string;
};
