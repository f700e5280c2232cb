"use client";

import { type FormEvent, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import type { ArenaRules } from "@/lib/protocol/arena-rules-view";
import { isProblemAt } from "../models/field-problem";
import { type DraftValue, type RuleDraft, toDraft, toSection, valueAt } from "./rule-draft";
import type { RuleSection } from "./rule-fields";
import { RuleInput } from "./rule-input";
import { useRulesChange } from "./use-rules-change";

export type SectionFormProps = { section: RuleSection; rules: ArenaRules };

/** What was typed, and the rules that it changes: somebody else may change them meanwhile. */
type Edited = { draft: RuleDraft; base: ArenaRules };

export function SectionForm({ section, rules }: SectionFormProps) {
  const { name, title, note, fields } = section;
  const [edited, setEdited] = useState<Edited | null>(null);
  const [isSaved, setIsSaved] = useState(false);
  const { mutate, isPending, problem, reset } = useRulesChange(() => {
    setEdited(null);
    setIsSaved(true);
  });
  const id = useId();
  const draft = edited?.draft ?? toDraft(fields, rules.settings[name]);
  const defaults = rules.defaults[name];
  const edit = (changed: RuleDraft) => {
    setIsSaved(false);
    setEdited({ draft: changed, base: edited?.base ?? rules });
  };
  const discard = () => {
    setEdited(null);
    reset();
  };
  const isAtField = fields.some(({ path }) => isProblemAt(problem, `${name}.${path}`));

  function submit(event: FormEvent) {
    event.preventDefault();
    const { base } = edited ?? { base: rules };
    const section = toSection(fields, draft);
    // Models are drawn by rules of their own, which this form does not show.
    const kept = name === "sampling" ? { models: base.settings.sampling.models } : {};
    mutate({ base, change: { [name]: { ...kept, ...section } } });
  }

  return (
    <form
      onSubmit={submit}
      aria-labelledby={`${id}-title`}
      className="border-t border-line py-8 first:border-t-0 first:pt-0"
    >
      <h3 id={`${id}-title`} className="text-lg font-medium">
        {title}
      </h3>
      <p className="mb-6 max-w-[68ch] text-sm text-ink-soft">{note}</p>
      <div className="grid gap-x-6 gap-y-5 sm:grid-cols-2">
        {fields.map((field) => (
          <RuleInput
            key={field.path}
            field={field}
            at={`${name}.${field.path}`}
            value={draft[field.path] ?? ""}
            byDefault={valueAt(defaults, field.path)}
            problem={problem}
            onChange={(value: DraftValue) => edit({ ...draft, [field.path]: value })}
          />
        ))}
      </div>
      <p role="alert" className="mt-4 text-sm text-danger empty:hidden">
        {problem !== null && !isAtField ? problem.message : null}
      </p>
      <div className="mt-6 flex flex-wrap items-center gap-2">
        <Button type="submit" variant="primary" disabled={edited === null || isPending}>
          Save
        </Button>
        {edited !== null && (
          <Button variant="quiet" onClick={discard}>
            Show what holds now
          </Button>
        )}
        <Button variant="quiet" onClick={() => edit(toDraft(fields, defaults))}>
          Fill in the defaults
        </Button>
        <p role="status" className="text-sm text-ink-soft empty:hidden">
          {isSaved && edited === null ? "Saved. It holds everywhere within a second." : null}
        </p>
      </div>
    </form>
  );
}
