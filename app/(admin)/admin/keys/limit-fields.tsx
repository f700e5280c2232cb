"use client";

import type { RequestError } from "@/components/request-json";
import { NumberField } from "../number-field";
import type { LimitDraft } from "./key-draft";
import { LIMIT_FIELDS } from "./limit-words";

export type LimitFieldsProps = {
  limits: LimitDraft;
  onChange: (limits: LimitDraft) => void;
  /** Their place in the request, and what the server found wrong there. */
  at: string;
  problem: RequestError | null;
};

export function LimitFields({ limits, onChange, at, problem }: LimitFieldsProps) {
  return (
    <div className="mt-2 grid grid-cols-2 gap-x-4 gap-y-3">
      {LIMIT_FIELDS.map(({ name, label, isDollars = false }) => (
        <NumberField
          key={name}
          label={label}
          value={limits[name] ?? ""}
          onChange={(value) => onChange({ ...limits, [name]: value })}
          min={isDollars ? "0.000001" : "1"}
          isCount={!isDollars}
          at={`${at}.${name}`}
          problem={problem}
        />
      ))}
    </div>
  );
}
