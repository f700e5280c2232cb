"use client";

import { FIELD } from "./field";
import type { LimitDraft } from "./key-draft";
import { LIMIT_FIELDS } from "./limit-words";

export type LimitFieldsProps = { limits: LimitDraft; onChange: (limits: LimitDraft) => void };

export function LimitFields({ limits, onChange }: LimitFieldsProps) {
  return (
    <div className="mt-2 grid grid-cols-2 gap-x-4 gap-y-3">
      {LIMIT_FIELDS.map(({ name, label, isDollars = false }) => (
        <label key={name} className="block text-sm">
          {label}
          <input
            type="number"
            inputMode={isDollars ? "decimal" : "numeric"}
            min={isDollars ? "0.000001" : "1"}
            step={isDollars ? "any" : "1"}
            value={limits[name] ?? ""}
            onChange={(event) => onChange({ ...limits, [name]: event.target.value })}
            autoComplete="off"
            className={`${FIELD} numeric`}
          />
        </label>
      ))}
    </div>
  );
}
