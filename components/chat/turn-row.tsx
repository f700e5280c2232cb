"use client";

import { memo, type ReactNode } from "react";
import type { Turn } from "./thread";

export type TurnRowProps = {
  turn: Turn;
  /** From 1, along the shown path. */
  number: number;
  /** Called again when the turn, its number or this function changes: keep it stable. */
  renderTurn: (turn: Turn, number: number) => ReactNode;
};

/** Not drawn again while its turn stays the same object. */
export const TurnRow = memo(function TurnRow({ turn, number, renderTurn }: TurnRowProps) {
  return renderTurn(turn, number);
});
