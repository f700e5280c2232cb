"use client";

import { useId } from "react";
import {
  DISPATCH_POLICIES,
  DISPATCH_POLICY_WORDS,
  type DispatchPolicy,
} from "@/lib/protocol/dispatch";
import { FIELD } from "../keys/field";

export type DispatchFieldProps = {
  /** Empty: by the default of this installation. */
  policy: DispatchPolicy | "";
  onChange: (policy: DispatchPolicy | "") => void;
};

export function DispatchField({ policy, onChange }: DispatchFieldProps) {
  const id = useId();
  const words =
    policy === "" ? "As the settings of this installation say." : DISPATCH_POLICY_WORDS[policy];
  return (
    <label className="block text-sm font-medium">
      Worker chosen by
      <select
        value={policy}
        onChange={(event) =>
          onChange(DISPATCH_POLICIES.find((it) => it === event.target.value) ?? "")
        }
        aria-describedby={id}
        className={FIELD}
      >
        <option value="">Default</option>
        {DISPATCH_POLICIES.map((it) => (
          <option key={it} value={it}>
            {it}
          </option>
        ))}
      </select>
      <span id={id} aria-live="polite" className="mt-1 block font-normal text-ink-soft">
        {words}
      </span>
    </label>
  );
}
