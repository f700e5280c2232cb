"use client";

import { useCallback, useMemo } from "react";
import { countOf, formatCount, formatShare } from "@/components/format";
import { FigureFrame } from "@/components/plots/figure-frame";
import { toRounded } from "@/components/plots/figure-table";
import { PlotBox } from "@/components/plots/plot-box";
import type { SiteStats } from "@/lib/protocol/board-view";
import { RowBarsDrawing } from "./row-bars-drawing";
import { type RowBar, toRowBars } from "./row-bars-layout";

const OUTCOMES = [
  { what: "a", label: "A, at the left", tone: "a" },
  { what: "b", label: "B, at the right", tone: "b" },
  { what: "tie", label: "Tie", tone: "ink" },
  { what: "bothBad", label: "Both bad", tone: "ink" },
] as const;

/** How votes came out. Sides are drawn by lot: A and B apart from each other show a leaning to a side. */
export function OutcomesFigure({ stats: { outcomes, days } }: { stats: SiteStats }) {
  const isNone = days.every((day) => day.votes === 0);
  const votes = outcomes.a + outcomes.b + outcomes.tie + outcomes.bothBad;
  const rows = useMemo(
    () =>
      OUTCOMES.map(({ what, label, tone }): RowBar => {
        const share = votes === 0 ? 0 : outcomes[what] / votes;
        const lines = [
          ["Votes", formatCount(outcomes[what])],
          ["Share", formatShare(share)],
        ] as const;
        return {
          ...{ label, tone, value: share, text: formatShare(share) },
          tip: { title: label, lines },
        };
      }),
    [outcomes, votes],
  );
  const layout = useCallback((width: number) => toRowBars(rows, width), [rows]);
  if (votes === 0) return <NothingYet title="How votes come out" isNone={isNone} />;
  return (
    <FigureFrame
      title="How votes come out"
      reading="Shares of all blind votes. Who stands at which side is drawn by lot, so votes for A and B differ by a leaning to a side alone."
      note={describeLeaning(outcomes)}
      fileName="parley-outcomes"
      source="Statistics of the site"
      picture={(width) => <RowBarsDrawing layout={layout(width)} active={null} />}
      table={{
        columns: [
          { label: "Outcome" },
          { label: "Votes", format: formatCount },
          { label: "Share", format: formatShare },
        ],
        rows: OUTCOMES.map(({ what, label }) => [
          ...[label, outcomes[what], toRounded(outcomes[what] / votes, 4)],
        ]),
      }}
    >
      <PlotBox
        label="Shares of A, B, ties and both bad"
        moves="from outcome to outcome"
        layout={layout}
        Drawing={RowBarsDrawing}
        heightAtFirst={144}
      />
    </FigureFrame>
  );
}

/** Half of the 95 % interval of a share of one half, of so many votes. */
const sway = (decided: number) => (1.96 * 0.5) / Math.sqrt(decided);

function describeLeaning({ a, b }: SiteStats["outcomes"]): string | null {
  const decided = a + b;
  if (decided === 0) return null;
  const share = a / decided;
  const range = sway(decided);
  const words =
    Math.abs(share - 0.5) <= range
      ? "no more than chance explains"
      : `more than chance explains: a leaning to ${share > 0.5 ? "A" : "B"}`;
  return `Of ${countOf(decided, "vote")} with a winner ${formatShare(share)} went to A, ${words} (50 % give or take ${(range * 100).toFixed(1)}).`;
}

export function NothingYet({ title, isNone }: { title: string; isNone: boolean }) {
  return (
    <div>
      <h3 className="text-lg font-medium">{title}</h3>
      <p className="mt-1 text-sm text-ink-soft">
        {isNone
          ? "Nobody has voted in these days."
          : "Too few votes in these days to tell anything without telling of somebody."}
      </p>
    </div>
  );
}
