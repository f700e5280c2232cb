"use client";

import { type FormEvent, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { isSpan } from "@/lib/protocol/board-key";

export type OwnDaysProps = {
  /** The period that is shown; a span of days fills the fields. */
  period: string;
  onChoose: (period: string) => void;
  onClose: () => void;
};

const FIELD =
  "numeric h-9 rounded-md border border-line-strong bg-surface px-3 text-sm pointer-coarse:h-11";

/** Days of the reader's own choice, which are computed when somebody asks for them. */
export function OwnDays({ period, onChoose, onClose }: OwnDaysProps) {
  const id = useId();
  const [first = "", last = ""] = isSpan(period) ? period.split("..") : [];
  const [from, setFrom] = useState(first);
  const [to, setTo] = useState(last);
  const [fault, setFault] = useState("");
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const span = `${from}..${to}`;
    if (isSpan(span)) return onChoose(span);
    setFault(
      from === "" || to === ""
        ? "Both days are needed."
        : "The last day is before the first: exchange them.",
    );
  };
  return (
    <form
      onSubmit={onSubmit}
      aria-label="Own days"
      className="mt-3 flex flex-wrap items-end gap-3 rounded-md bg-sunken px-4 py-3"
    >
      <label className="text-xs text-ink-soft">
        <span className="mb-1 block">First day</span>
        <input
          type="date"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
          aria-describedby={fault ? id : undefined}
          className={FIELD}
        />
      </label>
      <label className="text-xs text-ink-soft">
        <span className="mb-1 block">Last day</span>
        <input
          type="date"
          value={to}
          onChange={(event) => setTo(event.target.value)}
          aria-describedby={fault ? id : undefined}
          className={FIELD}
        />
      </label>
      <Button type="submit">Show these days</Button>
      <Button variant="quiet" onClick={onClose}>
        Close
      </Button>
      <p id={id} role="alert" className="basis-full text-sm text-danger empty:hidden">
        {fault}
      </p>
      <p className="basis-full text-xs text-ink-soft">
        Days in UTC, both included. Such a board is computed when it is asked for.
      </p>
    </form>
  );
}
