"use client";

import { useCallback, useMemo } from "react";
import { formatCount, formatShare } from "@/components/format";
import { Choice } from "@/components/plots/choice";
import { FigureFrame } from "@/components/plots/figure-frame";
import {
  divergingColor,
  divergingStep,
  sequentialColor,
  sequentialStep,
} from "@/components/plots/heat-colors";
import {
  HeatDrawing,
  HeatHeads,
  type HeatLegend,
  HeatOverlay,
} from "@/components/plots/heat-drawing";
import { type HeatLayout, toHeatLayout } from "@/components/plots/heat-layout";
import { PlotBox } from "@/components/plots/plot-box";
import { TELLING_VOTES_MIN } from "@/components/plots/to-opponents";
import type { PairTable } from "@/lib/protocol/board-view";
import type { FigureBoard } from "./figure-board";
import { PairState } from "./pair-state";
import { toBattleTable, toPairTip, toWinTable } from "./pair-words";
import { topPairs } from "./pick-pairs";
import { useTop } from "./use-top";

const SHOWN = { desk: 25, phone: 8 };
const KINDS = [
  { value: "observed", label: "Observed" },
  { value: "expected", label: "Expected by scores" },
] as const;

type DrawingProps = { layout: HeatLayout };

export function WinRateFigure(board: FigureBoard) {
  return <PairState board={board}>{(pairs) => <WinRates pairs={pairs} {...board} />}</PairState>;
}

export function BattleCountFigure(board: FigureBoard) {
  return (
    <PairState board={board}>{(pairs) => <BattleCounts pairs={pairs} {...board} />}</PairState>
  );
}

type PairFigureProps = FigureBoard & { pairs: PairTable };

const WIN_LEGEND: HeatLegend = {
  steps: [-10, -8, -6, -4, -2, 0, 2, 4, 6, 8, 10],
  labels: [formatShare(0), formatShare(0.5), formatShare(1)],
  title: "won by the row",
};

function WinDrawing({ layout }: DrawingProps) {
  return <HeatDrawing layout={layout} color={divergingColor} legend={WIN_LEGEND} />;
}

function WinRates({ pairs, source, choices, choose }: PairFigureProps) {
  const kind = choices.rates;
  const { shown, more } = useTop(pairs.models, SHOWN, { choices, choose });
  const table = useMemo(() => toWinTable(pairs, kind), [pairs, kind]);
  const layout = useCallback(
    (width: number) => {
      const { models, votes, wins, expected } = topPairs(pairs, shown.length);
      return toHeatLayout({
        ...{ models, width },
        cell: (row, column) => {
          const count = votes[row]?.[column] ?? 0;
          const share = (kind === "observed" ? wins : expected)[row]?.[column] ?? null;
          if (row === column || share === null) return { step: null, text: "", isFaint: false };
          return {
            step: divergingStep(share),
            text: String(Math.round(share * 100)),
            isFaint: kind === "observed" && count < TELLING_VOTES_MIN,
          };
        },
        tip: (row, column) => toPairTip(pairs, row, column),
      });
    },
    [pairs, shown, kind],
  );
  return (
    <FigureFrame
      title={kind === "observed" ? "Win rates by pair" : "Expected win rates by pair"}
      reading={
        kind === "observed"
          ? "Each cell is the percentage of votes with a winner that the row’s model won against the column’s: blue where it won more, clay where it lost more."
          : "Each cell is the percentage that the scores expect the row’s model to win against the column’s: blue where it wins more, clay where it loses more."
      }
      fileName={kind === "observed" ? "win-rates" : "expected-win-rates"}
      controls={
        <>
          <Choice
            label="Which win rates"
            options={KINDS}
            value={kind}
            onChange={(rates) => choose({ rates })}
          />
          {more}
        </>
      }
      picture={(width) => <WinDrawing layout={layout(width)} />}
      note={
        kind === "observed" &&
        `Best models first. A small square rests on fewer than ${TELLING_VOTES_MIN} votes; an empty cell had no winner yet. Ties count for neither.`
      }
      {...{ table, source }}
    >
      <PlotBox
        label={`Win rates of ${shown.length} models against each other`}
        moves="from cell to cell"
        layout={layout}
        Drawing={WinDrawing}
        Overlay={HeatOverlay}
        Heads={HeatHeads}
      />
    </FigureFrame>
  );
}

function BattleCounts({ pairs, source, ...reader }: PairFigureProps) {
  const { shown, more } = useTop(pairs.models, SHOWN, reader);
  const table = useMemo(() => toBattleTable(pairs), [pairs]);
  const most = useMemo(() => Math.max(...pairs.votes.map((row) => Math.max(...row))), [pairs]);
  const layout = useCallback(
    (width: number) => {
      const { models, votes } = topPairs(pairs, shown.length);
      return toHeatLayout({
        ...{ models, width },
        cell: (row, column) => {
          const count = votes[row]?.[column] ?? 0;
          if (row === column || count === 0) return { step: null, text: "", isFaint: false };
          return { step: sequentialStep(count, most), text: toShort(count), isFaint: false };
        },
        tip: (row, column) => toPairTip(pairs, row, column),
      });
    },
    [pairs, shown, most],
  );
  const Drawing = useMemo(() => {
    const legend: HeatLegend = {
      steps: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      labels: ["0", formatCount(most / 4), formatCount(most)],
      title: "votes on the pair",
    };
    return ({ layout }: DrawingProps) => (
      <HeatDrawing layout={layout} color={sequentialColor} legend={legend} />
    );
  }, [most]);
  return (
    <FigureFrame
      title="Battles by pair"
      reading="Each cell is the number of counted votes on the pair: the stronger its colour, the more is known of it."
      fileName="battles"
      controls={more}
      picture={(width) => <Drawing layout={layout(width)} />}
      note="Best models first. An empty cell is a pair that has not met; its expected win rate follows from the others."
      {...{ table, source }}
    >
      <PlotBox
        label={`Counted votes between ${shown.length} models`}
        moves="from cell to cell"
        layout={layout}
        Drawing={Drawing}
        Overlay={HeatOverlay}
        Heads={HeatHeads}
      />
    </FigureFrame>
  );
}

/** 940, 1.2k, 15k: what fits into a cell. */
export function toShort(count: number): string {
  if (count < 1_000) return String(count);
  const thousands = count / 1_000;
  return thousands < 9.95 ? `${thousands.toFixed(1)}k` : `${Math.round(thousands)}k`;
}
