"use client";

import { type ReactNode, useCallback, useMemo } from "react";
import { formatCount } from "@/components/format";
import type { RatingHistory } from "@/lib/protocol/board-view";
import { FigureFrame } from "./figure-frame";
import { type FigureTable, toRounded } from "./figure-table";
import { HistoryDrawing } from "./history-drawing";
import { type HistoryLayout, type RatingPoints, toHistoryLayout } from "./history-layout";
import { PlotBox } from "./plot-box";
import { toFullDay } from "./scale";

export type RatingOverTimeProps = {
  /** At most six models: more lines are not told apart. */
  history: RatingHistory;
  title?: string;
  /** Which board: "Overall, all time". */
  source?: string;
  controls?: ReactNode;
  note?: ReactNode;
};

/** A figure of scores by day. */
export function RatingOverTime(props: RatingOverTimeProps) {
  const {
    history,
    title = "Scores over time",
    source = "Parley leaderboard",
    controls,
    note,
  } = props;
  const table = useMemo(() => toHistoryTable(history), [history]);
  const layout = useCallback((width: number) => layoutOf(history, width), [history]);
  const isEmpty = history.models.every((it) => it.points.every((point) => point === null));
  if (isEmpty) {
    return (
      <div>
        {controls && (
          <div className="mb-4 flex flex-wrap items-center gap-x-6 gap-y-3">{controls}</div>
        )}
        <p className="text-sm text-ink-soft">
          No day has a score yet. The first stands here when the models have enough votes.
        </p>
      </div>
    );
  }
  return (
    <FigureFrame
      title={title}
      reading="A line is a model’s score at the end of each day in UTC, its band the 95 % interval."
      fileName="scores-over-time"
      picture={(width) => <HistoryDrawing layout={layout(width)} active={null} />}
      note={toNotes(history, note)}
      {...{ table, source, controls }}
    >
      <PlotBox
        label={`${title}, ${history.models.map((it) => it.model).join(", ")}`}
        moves="from day to day and from model to model"
        layout={layout}
        Drawing={HistoryDrawing}
        heightAtFirst={400}
      />
    </FigureFrame>
  );
}

function toNotes({ days, laterUntil }: RatingHistory, note: ReactNode): ReactNode {
  const later = laterUntil !== null && laterUntil >= (days[0] ?? "");
  return (
    <>
      {days.length === 1 && "So far there is one day; a line is drawn from the second one on. "}
      {later &&
        `Days up to ${toFullDay(laterUntil)} that votes from elsewhere brought along were computed later, each from the votes up to it. `}
      {note}
    </>
  );
}

/** With an empty frame where nothing is known, which `isEmpty` has kept from being shown. */
function layoutOf(history: RatingHistory, width: number): HistoryLayout {
  const layout = toHistoryLayout(history, width);
  if (!layout) throw new Error("A history without points has no layout.");
  return layout;
}

export function toHistoryTable(history: RatingPoints): FigureTable {
  const single = history.models.length === 1;
  const columns = history.models.flatMap(({ model }) =>
    ["score", "lower", "upper"].map((part) => ({
      label: single ? `${part.slice(0, 1).toUpperCase()}${part.slice(1)}` : `${model} ${part}`,
      format: formatCount,
    })),
  );
  const rows = history.days.map((day, index) => [
    day,
    ...history.models.flatMap(({ points }) => {
      const point = points[index];
      return point
        ? [toRounded(point.rating), toRounded(point.lower), toRounded(point.upper)]
        : [null, null, null];
    }),
  ]);
  return { columns: [{ label: "Day (UTC)" }, ...columns], rows };
}
