"use client";

import { type FormEvent, useId, useState } from "react";
import type { RequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import type { AdminModel } from "@/lib/protocol/catalog-view";
import { FIELD } from "../keys/field";
import { LimitFields } from "../keys/limit-fields";
import { useInvalidFocus } from "../use-invalid-focus";
import { CardFields } from "./card-fields";
import { DEFAULT_FIELDS, type ModelDraft, toModelDraft } from "./catalog-drafts";
import { DispatchField } from "./dispatch-field";
import { FieldProblem, isProblemAt } from "./field-problem";
import { NumberFields } from "./number-fields";
import { PriceFields } from "./price-fields";
import { VisibilityFields } from "./visibility-fields";

export type ModelFormProps = {
  view: AdminModel;
  isSending: boolean;
  problem: RequestError | null;
  onSubmit: (draft: ModelDraft) => void;
};

export function ModelForm({ view, isSending, problem, onSubmit }: ModelFormProps) {
  const [draft, setDraft] = useState(() => toModelDraft(view));
  const id = useId();
  const change = (changes: Partial<ModelDraft>) => setDraft({ ...draft, ...changes });
  const { form, isElsewhere } = useInvalidFocus(problem);

  function submit(event: FormEvent) {
    event.preventDefault();
    onSubmit(draft);
  }

  return (
    <form ref={form} onSubmit={submit} className="space-y-6">
      <VisibilityFields
        visibility={draft.visibility}
        before={view.visibility}
        problem={problem}
        onChange={(visibility) => change({ visibility })}
      />
      <CardFields
        view={view}
        card={draft.card}
        problem={problem}
        onChange={(card) => change({ card })}
      />
      <PriceFields
        told={view.told?.price ?? null}
        price={draft.price}
        isFree={draft.isFree}
        problem={problem}
        onChange={change}
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
      <fieldset>
        <legend className="text-sm font-medium">Limits</legend>
        <p className="text-sm text-ink-soft">Of all callers together. Empty: not limited.</p>
        <LimitFields
          limits={draft.limits}
          onChange={(limits) => change({ limits })}
          at="limits"
          problem={problem}
        />
      </fieldset>
      <p role="alert" className="text-sm text-danger empty:hidden">
        {isElsewhere ? problem?.message : null}
      </p>
      <Button type="submit" variant="primary" disabled={isSending}>
        Save
      </Button>
    </form>
  );
}
