"use client";

import { ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import type { ModelView } from "@/lib/protocol/arena-view";

export type ModelPickerProps = {
  models: readonly ModelView[];
  value: string;
  onChange: (model: string) => void;
  /** Before the list, and what it is called. */
  label?: ReactNode;
};

/** A real select: the platform's own list is the best one on a phone and for a screen reader. */
export function ModelPicker({ models, value, onChange, label }: ModelPickerProps) {
  const isKnown = models.some((it) => it.name === value);
  return (
    <label className="flex min-w-0 items-center gap-3 text-sm">
      {label ?? <span className="text-ink-soft">Model</span>}
      <span className="relative min-w-0 sm:max-w-80">
        <select
          value={value}
          disabled={models.length === 0}
          onChange={(event) => onChange(event.target.value)}
          className="h-9 w-full min-w-36 appearance-none truncate rounded-md border border-line-strong bg-surface pr-9 pl-3 font-mono text-sm text-ink disabled:border-line pointer-coarse:h-11"
        >
          {!isKnown && <option value={value}>{value || "none awake"}</option>}
          {models.map(({ name, awake }) => (
            <option key={name} value={name} disabled={!awake}>
              {awake ? name : `${name} (asleep)`}
            </option>
          ))}
        </select>
        <ChevronDown
          size={16}
          strokeWidth={1.5}
          aria-hidden="true"
          className="pointer-events-none absolute top-1/2 right-3 -translate-y-1/2 text-ink-soft"
        />
      </span>
    </label>
  );
}
