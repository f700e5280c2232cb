"use client";

import { useCallback, useMemo } from "react";
import { languageLabel } from "@/components/board/board-labels";
import { formatCount, formatShare } from "@/components/format";
import { FigureFrame } from "@/components/plots/figure-frame";
import { PlotBox } from "@/components/plots/plot-box";
import { STATS_GROUP_MIN } from "@/lib/arena-limits";
import type { SiteStats } from "@/lib/protocol/board-view";
import { NothingYet } from "./outcomes-figure";
import { RowBarsDrawing } from "./row-bars-drawing";
import { type RowBar, toRowBars } from "./row-bars-layout";

const SHOWN_MAX = 12;
const OTHER = "other";

const labelOf = (language: string) => (language === OTHER ? "All others" : languageLabel(language));

/** In which languages was asked what was voted on. */
export function LanguagesFigure({ stats }: { stats: SiteStats }) {
  const totals = useMemo(() => toTotals(stats.languages), [stats.languages]);
  const votes = totals.reduce((sum, it) => sum + it.votes, 0);
  const rows = useMemo(() => toRows(totals, votes), [totals, votes]);
  const layout = useCallback((width: number) => toRowBars(rows, width), [rows]);
  if (votes === 0)
    return <NothingYet title="Languages" isNone={stats.days.every((day) => day.votes === 0)} />;
  const days = stats.days.map(({ day }) => day);
  return (
    <FigureFrame
      title="Languages"
      reading="Of the questions that were voted on, by the language they were asked in."
      note={`Whatever fewer than ${STATS_GROUP_MIN} people wrote in on a day stands with all others, and so does what could not be told.`}
      fileName="parley-languages"
      source="Statistics of the site"
      picture={(width) => <RowBarsDrawing layout={layout(width)} active={null} />}
      table={{
        columns: [
          { label: "Day (UTC)" },
          ...stats.languages.map(({ language }) => ({
            ...{ label: labelOf(language), format: formatCount },
          })),
        ],
        rows: days.toReversed().map((day) => {
          const at = days.indexOf(day);
          const cells = stats.languages.map(({ days }) => days[at] ?? `<${STATS_GROUP_MIN}`);
          return [day, ...cells];
        }),
      }}
    >
      <PlotBox
        label="Votes by language"
        moves="from language to language"
        layout={layout}
        Drawing={RowBarsDrawing}
        heightAtFirst={180}
      />
    </FigureFrame>
  );
}

type Total = { language: string; votes: number };

function toTotals(languages: SiteStats["languages"]): Total[] {
  return languages.map(({ language, days }) => ({
    language,
    votes: days.reduce<number>((sum, count) => sum + (count ?? 0), 0),
  }));
}

function toRows(totals: readonly Total[], all: number): RowBar[] {
  return totals
    .filter(({ votes }) => votes > 0)
    .slice(0, SHOWN_MAX)
    .map(({ language, votes }) => {
      const lines = [
        ["Votes", formatCount(votes)],
        ["Share", formatShare(votes / all)],
      ] as const;
      return {
        ...{ label: labelOf(language), value: votes, tone: "ink" as const },
        text: formatShare(votes / all),
        tip: { title: labelOf(language), lines },
      };
    });
}
