"use client";

import { useId } from "react";

export type ChoiceProps<Value extends string> = {
  /** What is chosen. */
  label: string;
  options: readonly { value: Value; label: string }[];
  value: Value;
  onChange: (value: Value) => void;
};

/** One of a few, all of them in sight. */
export function Choice<Value extends string>({
  label,
  options,
  value,
  onChange,
}: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset className="min-w-0">
      <legend className="sr-only">{label}</legend>
      <div className="flex w-fit max-w-full flex-wrap rounded-md border border-line bg-surface p-0.5 text-sm">
        {options.map((option) => (
          <label
            key={option.value}
            className="inline-flex h-8 cursor-pointer items-center rounded-sm px-3 text-ink-soft transition-colors duration-120 ease-out hover:text-ink has-checked:bg-sunken has-checked:font-medium has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent pointer-coarse:h-11"
          >
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
              className="sr-only"
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
