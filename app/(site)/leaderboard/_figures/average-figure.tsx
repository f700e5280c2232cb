"use client";

import { useCallback, useMemo } from "react";
import { formatCount, formatShare } from "@/components/format";
import {
  AverageDrawing,
  type AverageRow,
  toAverageLayout,
} from "@/components/plots/average-drawing";
import { FigureFrame } from "@/components/plots/figure-frame";
import { type FigureTable, toRounded } from "@/components/plots/figure-table";
import { PlotBox } from "@/components/plots/plot-box";
import type { PairTable } from "@/lib/protocol/board-view";
import type { FigureBoard } from "./figure-board";
import { PairState } from "./pair-state";
import { useTop } from "./use-top";

const SHOWN = { desk: 40, phone: 25 };

export function AverageFigure(board: FigureBoard) {
  return <PairState board={board}>{(pairs) => <Averages pairs={pairs} {...board} />}</PairState>;
}

function Averages({ pairs, source, ...reader }: FigureBoard & { pairs: PairTable }) {
  const rows = useMemo(() => toAverageRows(pairs), [pairs]);
  const { shown, more } = useTop(rows, SHOWN, reader);
  const table = useMemo(() => toAverageTable(rows), [rows]);
  const layout = useCallback((width: number) => toAverageLayout(shown, width), [shown]);
  if (rows.length === 0) {
    return <p className="text-sm text-ink-soft">No vote between these models has a winner yet.</p>;
  }
  return (
    <FigureFrame
      title="Average win rate"
      reading="The percentage of votes with a winner that a model won, averaged over its opponents so that each counts the same."
      fileName="average-win-rate"
      controls={more}
      picture={(width) => <AverageDrawing layout={layout(width)} active={null} />}
      note="A model that met only weak opponents stands high here; scores take the opponents into account."
      {...{ table, source }}
    >
      <PlotBox
        label={`Average win rates of ${shown.length} models`}
        moves="from model to model"
        layout={layout}
        Drawing={AverageDrawing}
      />
    </FigureFrame>
  );
}

/** Highest first. */
export function toAverageRows({ models, averageWins, wins }: PairTable): AverageRow[] {
  return models
    .flatMap((model, index) => {
      const share = averageWins[index] ?? null;
      const opponents = (wins[index] ?? []).filter((it) => it !== null).length;
      return share === null ? [] : [{ model, share, opponents }];
    })
    .sort((one, other) => other.share - one.share);
}

export function toAverageTable(rows: readonly AverageRow[]): FigureTable {
  return {
    columns: [
      { label: "Model", isModel: true },
      { label: "Average win rate", format: formatShare },
      { label: "Opponents", format: formatCount },
    ],
    rows: rows.map((it) => [it.model, toRounded(it.share, 4), it.opponents]),
  };
}
