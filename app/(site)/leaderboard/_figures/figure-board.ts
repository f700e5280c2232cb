import type { RatedRow } from "@/components/plots/rated-rows";
import type { BoardKey } from "@/lib/protocol/board-key";
import type { FigureChoices } from "./figure-address";

/** What each figure is made of. */
export type FigureBoard = {
  boardKey: BoardKey;
  fingerprint: string;
  /** Best first. */
  rated: readonly RatedRow[];
  /** The board in words. */
  source: string;
  choices: FigureChoices;
  /** Writes them into the address, from which they are read. */
  choose: (change: Partial<FigureChoices>) => void;
};
