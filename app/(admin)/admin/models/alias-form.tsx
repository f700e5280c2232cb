"use client";

import { Plus, X } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import type { RequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { FIELD } from "../keys/field";
import { NumberField } from "../number-field";
import { useInvalidFocus } from "../use-invalid-focus";
import type { AliasDraft, Row } from "./catalog-drafts";
import { FieldProblem, isProblemAt } from "./field-problem";

export type AliasFormProps = {
  initial: AliasDraft;
  /** An alias keeps its name. */
  isNew: boolean;
  /** Offered as one types. */
  modelNames: readonly string[];
  isSending: boolean;
  problem: RequestError | null;
  onSubmit: (draft: AliasDraft) => void;
};

export function AliasForm(props: AliasFormProps) {
  const { initial, isNew, modelNames, isSending, problem, onSubmit } = props;
  const [draft, setDraft] = useState(initial);
  const id = useId();
  const change = (changes: Partial<AliasDraft>) => setDraft({ ...draft, ...changes });
  const hidesModel = modelNames.includes(draft.name.trim());
  const { form, isElsewhere } = useInvalidFocus(problem);

  function submit(event: FormEvent) {
    event.preventDefault();
    onSubmit(draft);
  }

  return (
    <form ref={form} onSubmit={submit} className="space-y-6">
      {isNew && (
        <label className="block text-sm font-medium">
          Name
          <input
            value={draft.name}
            onChange={(event) => change({ name: event.target.value })}
            required
            maxLength={256}
            autoComplete="off"
            spellCheck={false}
            aria-invalid={isProblemAt(problem, "name")}
            aria-describedby={`${id}-name`}
            className={`${FIELD} font-mono`}
          />
          <FieldProblem id={`${id}-name`} problem={problem} at="name" />
        </label>
      )}
      <p role="status" className="text-sm text-ink-soft empty:hidden">
        {hidesModel
          ? "A model has this name. Requests for it go to the alias; name the model among the targets to let it keep a share."
          : null}
      </p>
      <datalist id={`${id}-models`}>
        {modelNames.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <RowFields
        legend="Models"
        note="Each request goes to one of them, by weight."
        place="targets"
        amountLabel="Weight"
        listId={`${id}-models`}
        rows={draft.targets}
        rowsMin={1}
        problem={problem}
        onChange={(targets) => change({ targets })}
      />
      <RowFields
        legend="Mirrors"
        note="They get a copy of a share of the requests, as they stand. Nobody sees or pays for their answers."
        place="mirrors"
        amountLabel="Share, %"
        listId={`${id}-models`}
        rows={draft.mirrors}
        rowsMin={0}
        problem={problem}
        onChange={(mirrors) => change({ mirrors })}
      />
      <RollbackFields draft={draft} problem={problem} onChange={change} />
      <p role="alert" className="text-sm text-danger empty:hidden">
        {isElsewhere ? problem?.message : null}
      </p>
      <Button type="submit" variant="primary" disabled={isSending}>
        {isNew ? "Make the alias" : "Save"}
      </Button>
    </form>
  );
}

type RowFieldsProps = {
  legend: string;
  note: string;
  /** Of the request. */
  place: string;
  amountLabel: string;
  listId: string;
  rows: readonly Row[];
  rowsMin: number;
  problem: RequestError | null;
  onChange: (rows: readonly Row[]) => void;
};

function RowFields(props: RowFieldsProps) {
  const { legend, note, place, amountLabel, listId, rows, rowsMin, problem, onChange } = props;
  const id = useId();
  const replace = (changed: Row) =>
    onChange(rows.map((it) => (it.id === changed.id ? changed : it)));
  const add = () => {
    const next = Math.max(-1, ...rows.map((it) => it.id)) + 1;
    onChange([...rows, { id: next, model: "", amount: place === "targets" ? "1" : "10" }]);
  };
  return (
    <fieldset aria-describedby={id}>
      <legend className="text-sm font-medium">{legend}</legend>
      <p className="text-sm text-ink-soft">{note}</p>
      {rows.map((row, index) => (
        <div key={row.id} className="mt-2 flex items-end gap-2">
          <label className="block min-w-0 flex-1 text-sm">
            Model
            <input
              value={row.model}
              onChange={(event) => replace({ ...row, model: event.target.value })}
              list={listId}
              required
              maxLength={256}
              autoComplete="off"
              spellCheck={false}
              aria-invalid={isProblemAt(problem, `${place}.${index}`)}
              aria-describedby={id}
              className={`${FIELD} font-mono`}
            />
          </label>
          <NumberField
            label={amountLabel}
            value={row.amount}
            onChange={(amount) => replace({ ...row, amount })}
            min="0"
            isRequired
            describedBy={id}
            className="w-24"
          />
          <Button
            variant="quiet"
            size="icon"
            aria-label={`Without ${row.model || `model ${index + 1}`}`}
            disabled={rows.length <= rowsMin}
            onClick={() => onChange(rows.filter((it) => it.id !== row.id))}
            className="mb-1"
          >
            <X size={20} strokeWidth={1.5} aria-hidden="true" />
          </Button>
        </div>
      ))}
      <FieldProblem id={id} problem={problem} at={place} />
      <Button size="small" onClick={add} className="mt-3">
        <Plus size={16} strokeWidth={1.5} aria-hidden="true" />
        Add a model
      </Button>
    </fieldset>
  );
}

const ROLLBACK_FIELDS = [
  { name: "errorShareRise", label: "More failures, %" },
  { name: "requestsMin", label: "Requests at least" },
  { name: "windowSeconds", label: "Within seconds" },
] as const;

type RollbackFieldsProps = {
  draft: AliasDraft;
  problem: RequestError | null;
  onChange: (changes: Partial<AliasDraft>) => void;
};

function RollbackFields({ draft, problem, onChange }: RollbackFieldsProps) {
  const id = useId();
  return (
    <fieldset aria-describedby={id}>
      <legend className="text-sm font-medium">Rollback</legend>
      <label className="flex items-baseline gap-3 py-1.5 text-sm pointer-coarse:py-3">
        <input
          type="checkbox"
          checked={draft.rollsBack}
          onChange={(event) => onChange({ rollsBack: event.target.checked })}
          className="size-4 translate-y-0.5 accent-accent"
        />
        Take a model out that fails more often than the others
      </label>
      {draft.rollsBack && (
        <div className="mt-2 grid grid-cols-3 gap-x-4">
          {ROLLBACK_FIELDS.map(({ name, label }) => (
            <NumberField
              key={name}
              label={label}
              value={draft[name]}
              onChange={(value) => onChange({ [name]: value })}
              min="0"
              isRequired
              at={`rollbackOn.${name}`}
              problem={problem}
              describedBy={id}
              className="flex flex-col justify-end"
            />
          ))}
        </div>
      )}
      <FieldProblem id={id} problem={problem} at="rollbackOn" />
    </fieldset>
  );
}
