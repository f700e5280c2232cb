"use client";

import { useId } from "react";
import type { RequestError } from "@/components/request-json";
import { NumberField } from "../number-field";
import { FieldProblem } from "./field-problem";

export type NumberFieldsProps<Name extends string> = {
  legend: string;
  note: string;
  /** Of the request. */
  place: string;
  fields: readonly { name: Name; label: string }[];
  texts: Partial<Record<Name, string>>;
  /** Shown where nothing is typed. */
  placeholders?: Partial<Record<Name, string>>;
  isDisabled?: boolean;
  problem: RequestError | null;
  onChange: (texts: Partial<Record<Name, string>>) => void;
};

/** Several numbers of one part of a form. What is wrong with any of them stands below. */
export function NumberFields<Name extends string>(props: NumberFieldsProps<Name>) {
  const { legend, note, place, fields, texts, placeholders, isDisabled, problem, onChange } = props;
  const id = useId();
  return (
    <fieldset aria-describedby={id} disabled={isDisabled}>
      <legend className="text-sm font-medium">{legend}</legend>
      <p className="text-sm text-ink-soft">{note}</p>
      <div className="mt-2 grid grid-cols-2 gap-x-4 gap-y-3">
        {fields.map(({ name, label }) => (
          <NumberField
            key={name}
            label={label}
            value={texts[name] ?? ""}
            placeholder={placeholders?.[name]}
            onChange={(text) => {
              const changed: Partial<Record<Name, string>> = { ...texts };
              changed[name] = text;
              onChange(changed);
            }}
            at={`${place}.${name}`}
            problem={problem}
            describedBy={id}
          />
        ))}
      </div>
      <FieldProblem id={id} problem={problem} at={place} />
    </fieldset>
  );
}
