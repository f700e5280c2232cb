import { type ReactNode, useId } from "react";
import type { RequestError } from "@/components/request-json";
import { FIELD, TEXT_FIELD } from "./keys/field";
import { FieldProblem, isProblemAt } from "./models/field-problem";

export type TextFieldProps = {
  label: string;
  value: string;
  onChange: (value: string) => void;
  note?: ReactNode;
  placeholder?: string | undefined;
  isRequired?: boolean;
  /** An identifier, a URL or JSON rather than words. */
  isCode?: boolean;
  /** More than one line. */
  rows?: number;
  /** Not to be read over a shoulder, nor kept by a browser. */
  isSecret?: boolean;
  /** The field's place in the request, and what the server found wrong with that. */
  at: string;
  problem: RequestError | null;
};

/** A line or lines of text in a form for keepers. */
export function TextField(props: TextFieldProps) {
  const { label, value, onChange, note, rows, isCode = false, isSecret = false } = props;
  const { at, problem } = props;
  const id = useId();
  const shared = {
    ...{ id: `${id}-field`, value },
    required: props.isRequired,
    placeholder: props.placeholder,
    spellCheck: !isCode && !isSecret,
    autoCapitalize: isCode || isSecret ? "none" : undefined,
    "aria-invalid": isProblemAt(problem, at),
    "aria-describedby": id,
  };
  const font = isCode || isSecret ? " font-mono" : "";
  return (
    <div className="min-w-0">
      <label htmlFor={`${id}-field`} className="block text-sm font-medium">
        {label}
        {rows === undefined ? (
          <input
            {...shared}
            type={isSecret ? "password" : "text"}
            // Browsers offer to keep whatever else is typed into such a field.
            autoComplete={isSecret ? "new-password" : "off"}
            onChange={(event) => onChange(event.target.value)}
            className={FIELD + font}
          />
        ) : (
          <textarea
            {...shared}
            rows={rows}
            autoComplete="off"
            onChange={(event) => onChange(event.target.value)}
            className={TEXT_FIELD + font}
          />
        )}
      </label>
      <div id={id} className="mt-1 text-sm text-ink-soft empty:hidden">
        {note}
        <FieldProblem id={`${id}-problem`} problem={problem} at={at} />
      </div>
    </div>
  );
}
