import { type ReactNode, useId } from "react";
import type { RequestError } from "@/components/request-json";
import { FIELD } from "../keys/field";
import { FieldProblem, isProblemAt } from "../models/field-problem";

export type SelectFieldProps<Value extends string> = {
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
  note?: ReactNode;
  /** The field's place in the request, and what the server found wrong with that. */
  at: string;
  problem: RequestError | null;
};

/** One of several, in a form of this page. */
export function SelectField<Value extends string>(props: SelectFieldProps<Value>) {
  const { label, value, options, onChange, note, at, problem } = props;
  const id = useId();
  return (
    <div className="min-w-0">
      {/* Beside its label: within it, the chosen option would be a part of its name. */}
      <label htmlFor={`${id}-field`} className="block text-sm font-medium">
        {label}
      </label>
      <select
        id={`${id}-field`}
        value={value}
        onChange={(event) => {
          const chosen = options.find((it) => it.value === event.target.value);
          if (chosen) onChange(chosen.value);
        }}
        aria-invalid={isProblemAt(problem, at)}
        aria-describedby={id}
        className={FIELD}
      >
        {options.map((it) => (
          <option key={it.value} value={it.value}>
            {it.label}
          </option>
        ))}
      </select>
      <div id={id} className="mt-1 text-sm text-ink-soft empty:hidden">
        {note}
        <FieldProblem id={`${id}-problem`} problem={problem} at={at} />
      </div>
    </div>
  );
}
