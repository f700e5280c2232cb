import { useId } from "react";
import type { RequestError } from "@/components/request-json";
import { FIELD } from "./keys/field";
import { FieldProblem, isProblemAt } from "./models/field-problem";

export type NumberFieldProps = {
  label: string;
  /** As it was typed; what is wrong with it the server says. */
  value: string;
  onChange: (value: string) => void;
  /** What it means, and in which unit. */
  note?: string;
  min?: string;
  /** Whole numbers alone. */
  isCount?: boolean;
  isRequired?: boolean;
  /** Shown where nothing is typed. */
  placeholder?: string;
  /** The field's place in the request, and what the server found wrong with that. */
  at?: string;
  problem?: RequestError | null;
  /** Of a text elsewhere that describes it; else its own note and problem do. */
  describedBy?: string;
  className?: string;
};

/** A number of a form for keepers. */
export function NumberField(props: NumberFieldProps) {
  const { label, value, onChange, note, min, isCount = false, at, problem = null } = props;
  const id = useId();
  const isWrong = at !== undefined && isProblemAt(problem, at);
  return (
    <div className={props.className}>
      <label className="block text-sm">
        {label}
        <input
          type="number"
          inputMode={isCount ? "numeric" : "decimal"}
          step={isCount ? "1" : "any"}
          min={min}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          required={props.isRequired}
          placeholder={props.placeholder}
          autoComplete="off"
          aria-invalid={isWrong}
          aria-describedby={props.describedBy ?? id}
          className={`${FIELD} numeric`}
        />
      </label>
      {props.describedBy === undefined && (
        <div id={id} className="mt-1 text-sm text-ink-soft empty:hidden">
          {note}
          {at !== undefined && <FieldProblem id={`${id}-problem`} problem={problem} at={at} />}
        </div>
      )}
    </div>
  );
}
