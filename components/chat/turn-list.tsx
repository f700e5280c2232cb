"use client";

import { lazy, Suspense } from "react";
import type { Turn } from "./thread";
import { TurnRow, type TurnRowProps } from "./turn-row";

/**
 * Up to here every turn stays in the page, so that the browser's own search and a reader of the screen find
 * all of them; a turn out of view costs no layout either way.
 */
const TURNS_MOUNTED_MAX = 100;

// Of use to one chat in a thousand.
const LongTurnList = lazy(() =>
  import("./long-turn-list").then((it) => ({ default: it.LongTurnList })),
);

export type TurnListProps = Pick<TurnRowProps, "renderTurn"> & {
  turns: readonly Turn[];
  /** Older turns are on their way and will stand before these. */
  isReadingEarlier?: boolean;
};

/** The turns of a conversation; of a very long one those around what is looked at. */
export function TurnList({ turns, renderTurn, isReadingEarlier = false }: TurnListProps) {
  if (turns.length > TURNS_MOUNTED_MAX) {
    return (
      <Suspense>
        <LongTurnList {...{ turns, renderTurn, isReadingEarlier }} />
      </Suspense>
    );
  }
  return turns.map((turn, index) => (
    <TurnRow key={turn.prompt.id} turn={turn} number={index + 1} renderTurn={renderTurn} />
  ));
}
