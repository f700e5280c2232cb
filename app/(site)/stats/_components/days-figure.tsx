"use client";

import { useCallback, useMemo, useState } from "react";
import { formatCount } from "@/components/format";
import { Choice } from "@/components/plots/choice";
import { FigureFrame } from "@/components/plots/figure-frame";
import type { FigureTable } from "@/components/plots/figure-table";
import { PlotBox } from "@/components/plots/plot-box";
import { toFullDay } from "@/components/plots/scale";
import { STATS_GROUP_MIN } from "@/lib/arena-limits";
import type { SiteStats } from "@/lib/protocol/board-view";
import { DayBarsDrawing } from "./day-bars-drawing";
import { toDayBars } from "./day-bars-layout";
import { shownDays } from "./shown-days";

const MEASURES = [
  { value: "votes", label: "Votes" },
  { value: "battles", label: "Battles" },
  { value: "visitors", label: "Visitors" },
  { value: "calls", label: "Calls" },
] as const;
type Measure = (typeof MEASURES)[number]["value"];

const READINGS: Record<Measure, string> = {
  votes: "Blind votes a day, those that do not count included.",
  battles: "Battles that were begun, a day.",
  visitors: "People who asked something on a page, each once a day.",
  calls: "Answers that models were asked for, a day: on pages and by programs.",
};

/** How much was done on each day, one thing at a time; the table has all of them. */
export function DaysFigure({ stats }: { stats: SiteStats }) {
  const [measure, setMeasure] = useState<Measure>("votes");
  const days = useMemo(() => shownDays(stats.days), [stats.days]);
  const table = useMemo(() => toTable(days), [days]);
  const layout = useCallback(
    (width: number) =>
      toDayBars(
        days.map((day) => ({ day: day.day, count: day[measure] })),
        { width, label: MEASURES.find((it) => it.value === measure)?.label ?? "" },
      ),
    [days, measure],
  );
  const [first, last] = [days[0], days.at(-1)];
  const span = first && last ? `${toFullDay(first.day)} – ${toFullDay(last.day)}` : "";
  const hasFew = days.some((day) => day[measure] === null);
  return (
    <FigureFrame
      title="Day by day"
      reading={`${READINGS[measure]} The last bar is today until now, in UTC.`}
      controls={
        <Choice label="What is counted" options={MEASURES} value={measure} onChange={setMeasure} />
      }
      note={
        hasFew
          ? `A dash at the foot is a day with fewer than ${STATS_GROUP_MIN} people, but some.`
          : null
      }
      fileName="parley-days"
      source={`Statistics of the site, ${span}`}
      picture={(width) => <DayBarsDrawing layout={layout(width)} active={null} />}
      table={table}
    >
      <PlotBox
        label={`${MEASURES.find((it) => it.value === measure)?.label} a day, ${span}`}
        moves="from day to day"
        layout={layout}
        Drawing={DayBarsDrawing}
      />
    </FigureFrame>
  );
}

function toTable(days: ReturnType<typeof shownDays>): FigureTable {
  const count = (value: number | null) => value ?? `<${STATS_GROUP_MIN}`;
  return {
    columns: [
      { label: "Day (UTC)" },
      ...MEASURES.map(({ label }) => ({ label, format: formatCount })),
    ],
    rows: days
      .toReversed()
      .map((day) => [day.day, ...MEASURES.map(({ value }) => count(day[value]))]),
  };
}
