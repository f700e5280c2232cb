"use client";

import { useCallback, useMemo } from "react";
import { formatCount } from "@/components/format";
import { FigureFrame } from "@/components/plots/figure-frame";
import { type FigureTable, toRounded } from "@/components/plots/figure-table";
import { IntervalDrawing } from "@/components/plots/interval-drawing";
import { toIntervalLayout } from "@/components/plots/interval-layout";
import { PlotBox } from "@/components/plots/plot-box";
import type { RatedRow } from "@/components/plots/rated-rows";
import type { FigureBoard } from "./figure-board";
import { useTop } from "./use-top";

const SHOWN = { desk: 40, phone: 25 };

export function IntervalFigure({ rated, source, ...reader }: FigureBoard) {
  const { shown, more } = useTop(rated, SHOWN, reader);
  const table = useMemo(() => toIntervalTable(rated), [rated]);
  const layout = useCallback((width: number) => toIntervalLayout(shown, width), [shown]);
  const hasPreliminary = shown.some((it) => it.isPreliminary);
  return (
    <FigureFrame
      title="Scores and their intervals"
      reading="A dot is a score, its line the 95 % interval: where two lines overlap, the votes do not yet tell the models apart."
      fileName="scores"
      controls={more}
      picture={(width) => <IntervalDrawing layout={layout(width)} active={null} />}
      note={
        hasPreliminary && "A hollow dot is preliminary: it rests on few votes and may move far."
      }
      {...{ table, source }}
    >
      <PlotBox
        label={`Scores of ${shown.length} models and their 95 % intervals`}
        moves="from model to model"
        layout={layout}
        Drawing={IntervalDrawing}
      />
    </FigureFrame>
  );
}

export function toIntervalTable(rated: readonly RatedRow[]): FigureTable {
  const points = { format: formatCount };
  return {
    columns: [
      { label: "Model", isModel: true },
      { label: "Score, points", ...points },
      { label: "Lower, points", ...points },
      { label: "Upper, points", ...points },
      { label: "Best rank" },
      { label: "Worst rank" },
      { label: "Votes", ...points },
      { label: "Preliminary" },
    ],
    rows: rated.map((it) => [
      ...[it.model, toRounded(it.rating), toRounded(it.lower), toRounded(it.upper)],
      ...[it.rankBest, it.rankWorst, it.votes, it.isPreliminary ? "yes" : "no"],
    ]),
  };
}
