"use client";

import { Plus, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { API_SCOPES, type ApiScope } from "@/lib/protocol/api-key";
import { FIELD, TEXT_FIELD } from "./field";
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
  problem: string | null;
  onSubmit: (draft: KeyDraft) => void;
};

export function KeyForm({ initial, verb, isSending, problem, onSubmit }: KeyFormProps) {
  const [draft, setDraft] = useState(initial);
  const change = (changes: Partial<KeyDraft>) => setDraft({ ...draft, ...changes });

  function submit(event: FormEvent) {
    event.preventDefault();
    onSubmit(draft);
  }

  return (
    <form onSubmit={submit} className="space-y-6">
      <label className="block text-sm font-medium">
        Name
        <input
          value={draft.name}
          onChange={(event) => change({ name: event.target.value })}
          required
          maxLength={100}
          autoComplete="off"
          className={FIELD}
        />
      </label>
      <ScopeFields scopes={draft.scopes} onChange={(scopes) => change({ scopes })} />
      <label className="block text-sm font-medium">
        Models
        <span className="block font-normal text-ink-soft">
          Models and aliases it may use, one a line. Empty: all.
        </span>
        <textarea
          value={draft.models}
          onChange={(event) => change({ models: event.target.value })}
          rows={2}
          autoComplete="off"
          spellCheck={false}
          className={`${TEXT_FIELD} font-mono`}
        />
      </label>
      <label className="block text-sm font-medium">
        Last day
        <span className="block font-normal text-ink-soft">Empty: it does not expire.</span>
        <input
          type="date"
          value={draft.expiresOn}
          onChange={(event) => change({ expiresOn: event.target.value })}
          className={FIELD}
        />
      </label>
      <fieldset>
        <legend className="text-sm font-medium">Limits</legend>
        <p className="text-sm text-ink-soft">Empty: not limited. Days and months begin in UTC.</p>
        <LimitFields limits={draft.limits} onChange={(limits) => change({ limits })} />
      </fieldset>
      <ModelLimits entries={draft.atModels} onChange={(atModels) => change({ atModels })} />
      <p role="alert" className="text-sm text-danger empty:hidden">
        {problem}
      </p>
      <Button type="submit" variant="primary" disabled={isSending || draft.scopes.length === 0}>
        {verb}
      </Button>
    </form>
  );
}

type ScopeFieldsProps = {
  scopes: readonly ApiScope[];
  onChange: (scopes: readonly ApiScope[]) => void;
};

function ScopeFields({ scopes, onChange }: ScopeFieldsProps) {
  return (
    <fieldset>
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
            className="size-4 translate-y-0.5 accent-accent"
          />
          <span>
            {SCOPES[scope]} <span className="font-mono text-xs text-ink-soft">{scope}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

type ModelLimitsProps = {
  entries: KeyDraft["atModels"];
  onChange: (entries: KeyDraft["atModels"]) => void;
};

function ModelLimits({ entries, onChange }: ModelLimitsProps) {
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
          <LimitFields limits={limits} onChange={(changed) => replace(id, { limits: changed })} />
        </fieldset>
      ))}
      <Button size="small" onClick={add} className="mt-3">
        <Plus size={16} strokeWidth={1.5} aria-hidden="true" />
        Add a model
      </Button>
    </fieldset>
  );
}
