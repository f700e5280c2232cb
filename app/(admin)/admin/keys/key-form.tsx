"use client";

import { Plus, X } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import type { RequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { API_SCOPES, type ApiScope } from "@/lib/protocol/api-key";
import { FieldProblem, isProblemAt } from "../models/field-problem";
import { TextField } from "../text-field";
import { useInvalidFocus } from "../use-invalid-focus";
import { FIELD } from "./field";
import type { KeyDraft } from "./key-draft";
import { LimitFields } from "./limit-fields";

const SCOPES: Record<ApiScope, string> = {
  generate: "Chats, completions, messages, responses",
  texts: "Embeddings, rerank, classify, moderations",
  read: "Models and tokens",
};

export type KeyFormProps = {
  initial: KeyDraft;
  /** What the button says. */
  verb: string;
  isSending: boolean;
  problem: RequestError | null;
  onSubmit: (draft: KeyDraft) => void;
};

export function KeyForm({ initial, verb, isSending, problem, onSubmit }: KeyFormProps) {
  const [draft, setDraft] = useState(initial);
  const id = useId();
  const change = (changes: Partial<KeyDraft>) => setDraft({ ...draft, ...changes });
  const { form, isElsewhere } = useInvalidFocus(problem);

  function submit(event: FormEvent) {
    event.preventDefault();
    onSubmit(draft);
  }

  return (
    <form ref={form} onSubmit={submit} className="space-y-6">
      <TextField
        label="Name"
        value={draft.name}
        onChange={(name) => change({ name })}
        isRequired
        at="name"
        problem={problem}
      />
      <ScopeFields
        scopes={draft.scopes}
        problem={problem}
        onChange={(scopes) => change({ scopes })}
      />
      <TextField
        label="Models"
        value={draft.models}
        onChange={(models) => change({ models })}
        note="Models and aliases it may use, one a line. Empty: all."
        rows={2}
        isCode
        at="models"
        problem={problem}
      />
      <label className="block text-sm font-medium">
        Last day
        <span className="block font-normal text-ink-soft">Empty: it does not expire.</span>
        <input
          type="date"
          value={draft.expiresOn}
          onChange={(event) => change({ expiresOn: event.target.value })}
          aria-invalid={isProblemAt(problem, "expiresAt")}
          aria-describedby={`${id}-expiry`}
          className={FIELD}
        />
        <FieldProblem id={`${id}-expiry`} problem={problem} at="expiresAt" />
      </label>
      <fieldset>
        <legend className="text-sm font-medium">Limits</legend>
        <p className="text-sm text-ink-soft">Empty: not limited. Days and months begin in UTC.</p>
        <LimitFields
          limits={draft.limits}
          onChange={(limits) => change({ limits })}
          at="limits"
          problem={problem}
        />
      </fieldset>
      <ModelLimits
        entries={draft.atModels}
        problem={problem}
        onChange={(atModels) => change({ atModels })}
      />
      <p role="alert" className="text-sm text-danger empty:hidden">
        {isElsewhere ? problem?.message : null}
      </p>
      <Button type="submit" variant="primary" disabled={isSending || draft.scopes.length === 0}>
        {verb}
      </Button>
    </form>
  );
}

type ScopeFieldsProps = {
  scopes: readonly ApiScope[];
  problem: RequestError | null;
  onChange: (scopes: readonly ApiScope[]) => void;
};

function ScopeFields({ scopes, problem, onChange }: ScopeFieldsProps) {
  const id = useId();
  return (
    <fieldset aria-describedby={id}>
      <legend className="text-sm font-medium">What it may do</legend>
      {API_SCOPES.map((scope) => (
        <label key={scope} className="flex items-baseline gap-3 py-1.5 text-sm pointer-coarse:py-3">
          <input
            type="checkbox"
            checked={scopes.includes(scope)}
            onChange={(event) =>
              onChange(
                API_SCOPES.filter((it) =>
                  it === scope ? event.target.checked : scopes.includes(it),
                ),
              )
            }
            aria-invalid={isProblemAt(problem, "scopes")}
            className="size-4 translate-y-0.5 accent-accent"
          />
          <span>
            {SCOPES[scope]} <span className="font-mono text-xs text-ink-soft">{scope}</span>
          </span>
        </label>
      ))}
      <FieldProblem id={id} problem={problem} at="scopes" />
    </fieldset>
  );
}

type ModelLimitsProps = {
  entries: KeyDraft["atModels"];
  problem: RequestError | null;
  onChange: (entries: KeyDraft["atModels"]) => void;
};

function ModelLimits({ entries, problem, onChange }: ModelLimitsProps) {
  const replace = (id: number, changes: Partial<KeyDraft["atModels"][number]>) =>
    onChange(entries.map((it) => (it.id === id ? { ...it, ...changes } : it)));
  const add = () => {
    const id = Math.max(-1, ...entries.map((it) => it.id)) + 1;
    onChange([...entries, { id, model: "", limits: {} }]);
  };
  return (
    <fieldset>
      <legend className="text-sm font-medium">Limits at single models</legend>
      {entries.map(({ id, model, limits }, index) => (
        <fieldset key={id} className="mt-3 border-t border-line pt-3">
          <legend className="sr-only">{model || `Model ${index + 1}`}</legend>
          <div className="flex items-end gap-2">
            <label className="block min-w-0 flex-1 text-sm font-medium">
              Model
              <input
                value={model}
                onChange={(event) => replace(id, { model: event.target.value })}
                required
                maxLength={256}
                autoComplete="off"
                spellCheck={false}
                className={`${FIELD} font-mono`}
              />
            </label>
            <Button
              variant="quiet"
              size="icon"
              aria-label={`Without limits at ${model || `model ${index + 1}`}`}
              onClick={() => onChange(entries.filter((it) => it.id !== id))}
              className="mb-1"
            >
              <X size={20} strokeWidth={1.5} aria-hidden="true" />
            </Button>
          </div>
          <LimitFields
            limits={limits}
            onChange={(changed) => replace(id, { limits: changed })}
            at={`limits.models.${model.trim()}`}
            problem={problem}
          />
        </fieldset>
      ))}
      <Button size="small" onClick={add} className="mt-3">
        <Plus size={16} strokeWidth={1.5} aria-hidden="true" />
        Add a model
      </Button>
    </fieldset>
  );
}
