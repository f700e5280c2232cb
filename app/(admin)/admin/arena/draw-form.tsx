"use client";

import { type FormEvent, useId, useState } from "react";
import type { RequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import type { DrawRule } from "@/lib/protocol/arena-settings";
import { isProblemAt } from "../models/field-problem";
import { type DraftValue, toDraft, toSection } from "./rule-draft";
import type { RuleField } from "./rule-fields";
import { RuleInput } from "./rule-input";

export type DrawFormProps = {
  /** Null for one that is named here. */
  model: string | null;
  rule: DrawRule | undefined;
  /** Of the rule in the request. */
  place: string;
  isSending: boolean;
  problem: RequestError | null;
  onSubmit: (rule: object) => void;
};

const FIELDS: readonly RuleField[] = [
  {
    ...{ kind: "number", path: "weight", label: "Weight", unit: "" },
    help: "How often it is drawn beside others; 0 is never.",
  },
  {
    ...{ kind: "number", path: "boost", label: "Boost", unit: "" },
    help: "Multiplies the weight where it is drawn first: for newcomers.",
  },
  {
    ...{ kind: "lines", path: "targets", label: "Targets" },
    help: "Models, one a line, that it shall meet often.",
  },
  {
    ...{ kind: "number", path: "targetShare", label: "Share of its targets", unit: "" },
    help: "Of the battles for which it is drawn first.",
  },
  {
    ...{ kind: "lines", path: "strictTargets", label: "Meets only" },
    help: "Models, one a line; * stands for anything. Empty: anybody. Nobody else meets it either.",
  },
  {
    ...{ kind: "switch", path: "isAnonymousOnly", label: "Anonymous only" },
    help: "Drawn in battles, where the vote reveals its name; on no list, no board and behind no other door. Such models never meet each other.",
  },
  {
    ...{ kind: "switch", path: "isOut", label: "Out" },
    help: "Not drawn for now.",
  },
];

const DEFAULTS: Readonly<Record<string, unknown>> = {
  ...{ weight: 1, boost: 1, targets: [], targetShare: 0.5, strictTargets: [] },
  ...{ isAnonymousOnly: false, isOut: false },
};

const NAME: RuleField = { kind: "line", path: "model", label: "Model" };

export function DrawForm(props: DrawFormProps) {
  const { model, rule, place, isSending, problem, onSubmit } = props;
  const [draft, setDraft] = useState(() => toDraft(FIELDS, rule ?? DEFAULTS));
  const [name, setName] = useState(model ?? "");
  const id = useId();
  const fields = model === null ? [NAME, ...FIELDS] : FIELDS;
  const isAtField = fields.some(({ path }) => isProblemAt(problem, `${place}.${path}`));

  function submit(event: FormEvent) {
    event.preventDefault();
    onSubmit({ ...toSection(FIELDS, draft), model: name.trim() });
  }

  return (
    <form onSubmit={submit} aria-describedby={id} className="space-y-4">
      {fields.map((field) => (
        <RuleInput
          key={field.path}
          field={field}
          at={`${place}.${field.path}`}
          value={field === NAME ? name : (draft[field.path] ?? "")}
          byDefault={DEFAULTS[field.path]}
          problem={problem}
          onChange={(value: DraftValue) =>
            field === NAME ? setName(String(value)) : setDraft({ ...draft, [field.path]: value })
          }
        />
      ))}
      <p id={id} role="alert" className="text-sm text-danger empty:hidden">
        {problem !== null && !isAtField ? problem.message : null}
      </p>
      <Button type="submit" variant="primary" disabled={isSending}>
        Save
      </Button>
    </form>
  );
}
