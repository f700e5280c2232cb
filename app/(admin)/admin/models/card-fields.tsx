"use client";

import { useId } from "react";
import { formatCount } from "@/components/format";
import type { RequestError } from "@/components/request-json";
import type { AdminModel } from "@/lib/protocol/catalog-view";
import { FIELD, TEXT_FIELD } from "../keys/field";
import { NumberField } from "../number-field";
import { CARD_FIELDS, type CardDraft } from "./catalog-drafts";
import { FieldProblem, isProblemAt } from "./field-problem";

export type CardFieldsProps = {
  view: AdminModel;
  card: CardDraft;
  problem: RequestError | null;
  onChange: (card: CardDraft) => void;
};

/** What is told of a model. What its worker says stands in each empty field, and holds there. */
export function CardFields({ view, card, problem, onChange }: CardFieldsProps) {
  const id = useId();
  const change = (changes: Partial<CardDraft>) => onChange({ ...card, ...changes });
  const told = view.told?.description;
  const held = view.servers.map(({ contextLength }) => contextLength);
  return (
    <fieldset aria-describedby={id}>
      <legend className="text-sm font-medium">Card</legend>
      <p className="text-sm text-ink-soft">What stands empty is as its worker says.</p>
      <div className="mt-2 grid gap-x-4 gap-y-3 sm:grid-cols-2">
        {CARD_FIELDS.map(({ name, label }) => (
          <label key={name} className="block text-sm">
            {label}
            <input
              value={card[name]}
              onChange={(event) => change({ [name]: event.target.value })}
              type={name === "link" ? "url" : "text"}
              placeholder={told?.[name] ?? "Not told"}
              maxLength={name === "link" ? 2_000 : name === "licence" ? 100 : 200}
              autoComplete="off"
              spellCheck={false}
              aria-invalid={isProblemAt(problem, `card.${name}`)}
              aria-describedby={id}
              className={FIELD}
            />
          </label>
        ))}
        <label className="block text-sm">
          Weights
          <select
            value={card.weights}
            onChange={({ target }) => change({ weights: toWeights(target.value) })}
            className={FIELD}
          >
            <option value="">{toToldWeights(told?.hasOpenWeights)}</option>
            <option value="open">Open: anyone may have them</option>
            <option value="closed">Closed: its makers keep them</option>
          </select>
        </label>
        <NumberField
          label="Context that is served, tokens"
          value={card.contextLength}
          onChange={(contextLength) => change({ contextLength })}
          isCount
          min="1"
          placeholder={held.length === 0 ? "All of it" : `All: ${formatCount(Math.max(...held))}`}
          at="card.contextLength"
          problem={problem}
          describedBy={id}
        />
      </div>
      <label className="mt-3 block text-sm">
        Summary
        <textarea
          value={card.summary}
          onChange={(event) => change({ summary: event.target.value })}
          placeholder={told?.summary ?? "Not told"}
          rows={3}
          maxLength={2_000}
          aria-invalid={isProblemAt(problem, "card.summary")}
          aria-describedby={id}
          className={TEXT_FIELD}
        />
      </label>
      <FieldProblem id={id} problem={problem} at="card" />
    </fieldset>
  );
}

const toWeights = (word: string): CardDraft["weights"] =>
  word === "open" || word === "closed" ? word : "";

function toToldWeights(hasOpenWeights: boolean | undefined): string {
  if (hasOpenWeights === undefined) return "By its licence";
  return hasOpenWeights ? "As its worker says: open" : "As its worker says: closed";
}
