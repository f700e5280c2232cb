"use client";

import { useId } from "react";
import type { RequestError } from "@/components/request-json";
import { FIELD, TEXT_FIELD } from "../keys/field";
import { FieldProblem, isProblemAt } from "../models/field-problem";
import { NumberField } from "../number-field";
import type { DraftValue } from "./rule-draft";
import type { RuleField } from "./rule-fields";
import { RuleRows } from "./rule-rows";

export type RuleInputProps = {
  field: RuleField;
  /** The field's place in the request. */
  at: string;
  value: DraftValue;
  byDefault: unknown;
  problem: RequestError | null;
  onChange: (value: DraftValue) => void;
};

const WIDE = "sm:col-span-2";

export function RuleInput(props: RuleInputProps) {
  const { field, at, value, byDefault, problem, onChange } = props;
  if (field.kind === "rows") {
    const rows = Array.isArray(value) ? value : [];
    return <RuleRows field={field} at={at} rows={rows} problem={problem} onChange={onChange} />;
  }
  if (field.kind === "switch") return <Switch {...props} />;
  if (field.kind === "choice") return <Choice {...props} options={field.options} />;
  const text = typeof value === "string" ? value : "";
  if (field.kind !== "number") return <Text {...props} text={text} kind={field.kind} />;
  const { unit, isCount = false, label, help } = field;
  const usual = `y default ${String(byDefault)}.`;
  const note = [help, unit === "" ? `B${usual}` : `In ${unit}; b${usual}`]
    .filter(Boolean)
    .join(" ");
  return (
    <NumberField
      label={label}
      value={text}
      onChange={onChange}
      note={note}
      isCount={isCount}
      min="0"
      placeholder={String(byDefault)}
      at={at}
      problem={problem}
    />
  );
}

function Switch({ field, at, value, byDefault, problem, onChange }: RuleInputProps) {
  const id = useId();
  return (
    <div className={WIDE}>
      <label className="flex items-baseline gap-3 py-1.5 text-sm pointer-coarse:py-3">
        <input
          type="checkbox"
          checked={value === true}
          onChange={(event) => onChange(event.target.checked)}
          aria-describedby={id}
          className="size-4 translate-y-0.5 accent-accent"
        />
        {field.label}
      </label>
      <p id={id} className="text-sm text-ink-soft">
        {field.help} By default {byDefault === true ? "on" : "off"}.
        <FieldProblem id={`${id}-problem`} problem={problem} at={at} />
      </p>
    </div>
  );
}

type Options = readonly { value: string; label: string }[];

function Choice({
  field,
  at,
  value,
  byDefault,
  problem,
  onChange,
  options,
}: RuleInputProps & { options: Options }) {
  const id = useId();
  const usual = options.find((it) => it.value === byDefault)?.label;
  return (
    <div className={WIDE}>
      <label className="block text-sm">
        {field.label}
        <select
          value={String(value)}
          onChange={(event) => onChange(event.target.value)}
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
      </label>
      <p id={id} className="mt-1 text-sm text-ink-soft">
        {field.help} By default: {usual}.
        <FieldProblem id={`${id}-problem`} problem={problem} at={at} />
      </p>
    </div>
  );
}

type TextProps = RuleInputProps & { text: string; kind: "line" | "text" | "lines" };

function Text({ field, at, text, kind, byDefault, problem, onChange }: TextProps) {
  const id = useId();
  const shared = {
    ...{ id: `${id}-field`, value: text, autoComplete: "off", spellCheck: kind === "text" },
    ...{ "aria-invalid": isProblemAt(problem, at), "aria-describedby": id },
  };
  const isShort = typeof byDefault === "string" && byDefault.length <= 64 && byDefault !== "";
  return (
    <div className={kind === "line" ? "" : WIDE}>
      {/* Beside its field and not around it, or what is typed into a text would be part of its name. */}
      <label htmlFor={`${id}-field`} className="block text-sm">
        {field.label}
      </label>
      {kind === "line" ? (
        <input {...shared} onChange={(event) => onChange(event.target.value)} className={FIELD} />
      ) : (
        <textarea
          {...shared}
          onChange={(event) => onChange(event.target.value)}
          rows={kind === "text" ? 6 : 3}
          className={TEXT_FIELD}
        />
      )}
      <p id={id} className="mt-1 text-sm text-ink-soft">
        {field.help} {isShort ? `By default ${byDefault}.` : null}
        <FieldProblem id={`${id}-problem`} problem={problem} at={at} />
      </p>
    </div>
  );
}
