"use client";

import clsx from "clsx";
import { useId, useState } from "react";
import { formatCount } from "@/components/format";
import type { UsageReport, UsageSum } from "@/lib/protocol/usage-view";
import { SumTable } from "./sum-table";
import { formatDay, formatDollars } from "./usage-words";

const MEASURES = {
  requests: { label: "Requests", of: (it: UsageSum) => it.requests, format: formatCount },
  tokens: {
    label: "Tokens",
    of: (it: UsageSum) => it.promptTokens + it.completionTokens,
    format: formatCount,
  },
  dollars: { label: "Dollars", of: (it: UsageSum) => it.costNanoDollars, format: formatDollars },
} as const;
type Measure = keyof typeof MEASURES;
const NAMES: readonly Measure[] = ["requests", "tokens", "dollars"];

export type DayBarsProps = { days: UsageReport["days"] };

/** Sums by day as bars on one scale from zero, and all of them as a table that opens below. */
export function DayBars({ days }: DayBarsProps) {
  const [measure, setMeasure] = useState<Measure>("tokens");
  const { label, of, format } = MEASURES[measure];
  const values = days.map(of);
  const most = Math.max(...values);
  const peak = days[values.indexOf(most)];
  const summary =
    most === 0 || peak === undefined
      ? `${label} by day: none.`
      : `${label} by day: the most, ${format(most)}, on ${formatDay(peak.day)}. The table below has all days.`;
  return (
    <figure>
      <figcaption className="flex flex-wrap items-end justify-between gap-4">
        <MeasureChoice chosen={measure} onChoose={setMeasure} />
        <span className="numeric text-xs text-ink-soft">Highest day: {format(most)}</span>
      </figcaption>
      <div role="img" aria-label={summary} className="mt-4">
        <div className="flex h-40 items-end gap-px border-b border-line-strong">
          {days.map((it, index) => {
            const value = values[index] ?? 0;
            return (
              <span
                key={it.day}
                title={`${formatDay(it.day)}: ${format(value)}`}
                className="flex h-full min-w-0 flex-1 items-end justify-center"
              >
                <span
                  className={clsx("w-full max-w-12 bg-accent", value > 0 && "min-h-0.5")}
                  style={{ height: most === 0 ? 0 : `${(value / most) * 100}%` }}
                />
              </span>
            );
          })}
        </div>
        <div className="mt-1 flex justify-between text-xs text-ink-soft">
          <span>{formatDay(days[0]?.day ?? "")}</span>
          {days.length > 1 ? <span>{formatDay(days.at(-1)?.day ?? "")}</span> : null}
        </div>
      </div>
      <details className="mt-4">
        <summary className="cursor-pointer text-sm text-ink-soft hover:text-ink">
          All days as a table
        </summary>
        <SumTable
          label="Days"
          head="Day"
          rows={days.toReversed().map((it) => ({ id: it.day, name: formatDay(it.day), sum: it }))}
        />
      </details>
    </figure>
  );
}

type MeasureChoiceProps = { chosen: Measure; onChoose: (measure: Measure) => void };

function MeasureChoice({ chosen, onChoose }: MeasureChoiceProps) {
  const name = useId();
  return (
    <fieldset className="flex gap-1">
      <legend className="sr-only">What the bars show</legend>
      {NAMES.map((measure) => (
        <label
          key={measure}
          className={clsx(
            "inline-flex h-8 cursor-pointer items-center rounded-md px-2.5 text-sm pointer-coarse:min-h-11",
            "has-focus-visible:outline-2 has-focus-visible:outline-accent",
            measure === chosen ? "bg-sunken font-medium text-ink" : "text-ink-soft hover:text-ink",
          )}
        >
          <input
            type="radio"
            name={name}
            className="sr-only"
            checked={measure === chosen}
            onChange={() => onChoose(measure)}
          />
          {MEASURES[measure].label}
        </label>
      ))}
    </fieldset>
  );
}
