"use client";

import { type FormEvent, useId, useState } from "react";
import type { RequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { FIELD } from "../keys/field";
import { LimitFields } from "../keys/limit-fields";
import { NumberField } from "../number-field";
import { DEFAULT_FIELDS, type ModelDraft, PRICE_FIELDS } from "./catalog-drafts";
import { DispatchField } from "./dispatch-field";
import { FieldProblem, isProblemAt } from "./field-problem";

export type ModelFormProps = {
  initial: ModelDraft;
  isSending: boolean;
  problem: RequestError | null;
  onSubmit: (draft: ModelDraft) => void;
};

const PLACES = ["price", "defaults", "limits", "fallbacks", "dispatch"];

export function ModelForm({ initial, isSending, problem, onSubmit }: ModelFormProps) {
  const [draft, setDraft] = useState(initial);
  const id = useId();
  const change = (changes: Partial<ModelDraft>) => setDraft({ ...draft, ...changes });
  const isElsewhere = problem && !PLACES.some((place) => isProblemAt(problem, place));

  function submit(event: FormEvent) {
    event.preventDefault();
    onSubmit(draft);
  }

  return (
    <form onSubmit={submit} className="space-y-6">
      <NumberFields
        legend="Price"
        note="Dollars a million tokens. Empty: nothing is charged."
        place="price"
        fields={PRICE_FIELDS}
        texts={draft.price}
        problem={problem}
        onChange={(price) => change({ price })}
      />
      <NumberFields
        legend="Defaults"
        note="For requests that name none. Empty: as the model's maker set it."
        place="defaults"
        fields={DEFAULT_FIELDS}
        texts={draft.defaults}
        problem={problem}
        onChange={(defaults) => change({ defaults })}
      />
      <label className="block text-sm font-medium">
        Stand-ins
        <span className="block font-normal text-ink-soft">
          Models that answer where this one cannot, one a line, in order.
        </span>
        <textarea
          value={draft.fallbacks}
          onChange={(event) => change({ fallbacks: event.target.value })}
          rows={2}
          autoComplete="off"
          spellCheck={false}
          aria-invalid={isProblemAt(problem, "fallbacks")}
          aria-describedby={`${id}-fallbacks`}
          className={`${FIELD} h-auto py-2 font-mono`}
        />
        <FieldProblem id={`${id}-fallbacks`} problem={problem} at="fallbacks" />
      </label>
      <DispatchField policy={draft.dispatch} onChange={(dispatch) => change({ dispatch })} />
      <fieldset aria-describedby={`${id}-limits`}>
        <legend className="text-sm font-medium">Limits</legend>
        <p className="text-sm text-ink-soft">Of all callers together. Empty: not limited.</p>
        <LimitFields limits={draft.limits} onChange={(limits) => change({ limits })} />
        <FieldProblem id={`${id}-limits`} problem={problem} at="limits" />
      </fieldset>
      <p role="alert" className="text-sm text-danger empty:hidden">
        {isElsewhere ? problem.message : null}
      </p>
      <Button type="submit" variant="primary" disabled={isSending}>
        Save
      </Button>
    </form>
  );
}

type NumberFieldsProps<Name extends string> = {
  legend: string;
  note: string;
  /** Of the request. */
  place: string;
  fields: readonly { name: Name; label: string }[];
  texts: Partial<Record<Name, string>>;
  problem: RequestError | null;
  onChange: (texts: Partial<Record<Name, string>>) => void;
};

function NumberFields<Name extends string>(props: NumberFieldsProps<Name>) {
  const { legend, note, place, fields, texts, problem, onChange } = props;
  const id = useId();
  return (
    <fieldset aria-describedby={id}>
      <legend className="text-sm font-medium">{legend}</legend>
      <p className="text-sm text-ink-soft">{note}</p>
      <div className="mt-2 grid grid-cols-2 gap-x-4 gap-y-3">
        {fields.map(({ name, label }) => (
          <NumberField
            key={name}
            label={label}
            value={texts[name] ?? ""}
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
