"use client";

import { useCallback, useMemo } from "react";
import { countOf, formatCount } from "@/components/format";
import { Choice } from "@/components/plots/choice";
import { FigureFrame } from "@/components/plots/figure-frame";
import { type FigureTable, toRounded } from "@/components/plots/figure-table";
import { paretoFront } from "@/components/plots/pareto-front";
import { PlotBox } from "@/components/plots/plot-box";
import type { RatedRow } from "@/components/plots/rated-rows";
import { TradeDrawing } from "@/components/plots/trade-drawing";
import {
  type TradeLayout,
  type TradeMeasure,
  toTradeLayout,
} from "@/components/plots/trade-layout";
import type { FigureBoard } from "./figure-board";
import { TRADE_IDS, TRADE_MEASURES, type TradeId } from "./trade-measures";

const OPTIONS = TRADE_IDS.map((value) => ({ value, label: TRADE_MEASURES[value].tab }));

export function TradeFigure({ rated, source, choices, choose }: FigureBoard) {
  // What most is known of, unless the reader says otherwise: a platform of local models has no prices.
  const id = choices.against ?? mostKnown(rated);
  const measure = TRADE_MEASURES[id];
  const known = useMemo(
    () => rated.filter((row) => measure.amountOf(row) !== null),
    [rated, measure],
  );
  const table = useMemo(() => toTradeTable(known, measure), [known, measure]);
  const layout = useCallback(
    (width: number) => toTradeLayout(known, measure, width),
    [known, measure],
  );
  const Drawing = useMemo(
    () => (props: { layout: TradeLayout; active: number | null }) => (
      <TradeDrawing {...props} label={measure.label} />
    ),
    [measure],
  );
  const left = rated.length - known.length;
  const missing = `${countOf(left, "model")} without ${measure.missing} ${left === 1 ? "is" : "are"} left out.`;
  const controls = (
    <Choice
      label="Set the score against"
      options={OPTIONS}
      value={id}
      onChange={(against) => choose({ against })}
    />
  );
  if (known.length === 0) {
    return (
      <>
        {controls}
        <p className="mt-6 max-w-[60ch] text-sm text-ink-soft">
          No model on this board has {measure.missing} yet. Prices are set by the operator; times
          are measured as models answer.
        </p>
      </>
    );
  }
  return (
    <FigureFrame
      title={`Score against ${measure.name.toLowerCase()}`}
      reading={`Models on the line are the front: none of the others has a higher score and is ${measure.fewer}.`}
      fileName={`score-against-${id}`}
      picture={(width) => <Drawing layout={layout(width)} active={null} />}
      note={
        <>
          {known.some((row) => row.isPreliminary) && "A hollow dot is preliminary: on few votes. "}
          {left > 0 && missing}
        </>
      }
      {...{ table, source, controls }}
    >
      <PlotBox
        label={`Scores of ${known.length} models against ${measure.label}`}
        moves="from model to model"
        layout={layout}
        Drawing={Drawing}
        heightAtFirst={460}
      />
    </FigureFrame>
  );
}

function mostKnown(rated: readonly RatedRow[]): TradeId {
  const counts = TRADE_IDS.map((id) => ({
    id,
    count: rated.filter((row) => TRADE_MEASURES[id].amountOf(row) !== null).length,
  }));
  return counts.reduce((best, it) => (it.count > best.count ? it : best)).id;
}

/** Best first. */
export function toTradeTable(known: readonly RatedRow[], measure: TradeMeasure): FigureTable {
  const sign = measure.isGain ? -1 : 1;
  const valued = known.map((row) => ({
    ...{ row, value: measure.amountOf(row) ?? 0, gain: row.rating },
    cost: sign * (measure.amountOf(row) ?? 0),
  }));
  const front = new Set(paretoFront(valued).map((it) => it.row.model));
  return {
    columns: [
      { label: "Model", isModel: true },
      { label: "Score, points", format: formatCount },
      { label: measure.label, format: measure.format },
      { label: "On the front" },
      { label: "Preliminary" },
    ],
    rows: valued.map(({ row, value }) => [
      ...[row.model, toRounded(row.rating), toRounded(value)],
      front.has(row.model) ? "yes" : "no",
      row.isPreliminary ? "yes" : "no",
    ]),
  };
}
