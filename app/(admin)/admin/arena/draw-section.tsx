"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Sheet } from "@/components/ui/sheet";
import type { ArenaRules, DrawnModel } from "@/lib/protocol/arena-rules-view";
import type { DrawRule } from "@/lib/protocol/arena-settings";
import { AdminTable, CELL, NUMBER } from "../admin-table";
import { DrawForm } from "./draw-form";
import { useRulesChange } from "./use-rules-change";

export type DrawSectionProps = { rules: ArenaRules };

const HEADS = [
  { label: "Model" },
  { label: "In battles now", isNumber: true },
  { label: "Weight", isNumber: true },
  { label: "Boost", isNumber: true },
  { label: "Meets" },
  { label: "Marks" },
  { label: "" },
] as const;

const METHODS = { uniform: "all alike", weighted: "by weight", active: "actively" };

/** The models that battles draw, and what is said of each. */
export function DrawSection({ rules }: DrawSectionProps) {
  const [open, setOpen] = useState<{ model: string | null; base: ArenaRules } | null>(null);
  const ruleOf = (model: string) => rules.settings.sampling.models.find((it) => it.model === model);
  const edit = (model: string | null) => setOpen({ model, base: rules });
  return (
    <section aria-labelledby="drawn-models" className="border-t border-line py-8">
      <div className="mb-4 flex flex-wrap items-end justify-between gap-4">
        <div>
          <h3 id="drawn-models" className="text-lg font-medium">
            Models
          </h3>
          <p className="max-w-[68ch] text-sm text-ink-soft">
            Pairs are drawn {METHODS[rules.method]} at the moment. A model of which nothing is said
            has weight 1.
          </p>
        </div>
        <Button onClick={() => edit(null)}>Add a model</Button>
      </div>
      {rules.models.length === 0 ? (
        <p className="border-t border-line py-8 text-sm text-ink-soft">
          No model is awake, and no rule is about one.
        </p>
      ) : (
        <AdminTable label="Models that battles draw" heads={HEADS}>
          {rules.models.map((drawn) => (
            <DrawRow
              key={drawn.model}
              drawn={drawn}
              rule={ruleOf(drawn.model)}
              onEdit={() => edit(drawn.model)}
            />
          ))}
        </AdminTable>
      )}
      {open !== null && (
        <DrawSheet model={open.model} base={open.base} onClose={() => setOpen(null)} />
      )}
    </section>
  );
}

type DrawRowProps = { drawn: DrawnModel; rule: DrawRule | undefined; onEdit: () => void };

function DrawRow({ drawn, rule, onEdit }: DrawRowProps) {
  const { model, isAwake, share } = drawn;
  const marks = [
    ...[!isAwake && "asleep", rule?.isOut && "out"],
    rule?.isAnonymousOnly && "anonymous only",
  ].filter(Boolean);
  return (
    <tr>
      <th scope="row" className={`${CELL} max-w-64 text-left font-mono font-normal break-words`}>
        {model}
      </th>
      <td className={`${CELL} ${NUMBER}`}>{(share * 100).toFixed(1)} %</td>
      <td className={`${CELL} ${NUMBER}`}>{rule?.weight ?? 1}</td>
      <td className={`${CELL} ${NUMBER}`}>{rule?.boost ?? 1}</td>
      <td className={`${CELL} max-w-72 break-words`}>{rule ? tellRivals(rule) : "anybody"}</td>
      <td className={CELL}>{marks.join(", ")}</td>
      <td className={`${CELL} text-right`}>
        <Button size="small" aria-label={`Edit ${model}`} onClick={onEdit}>
          Edit
        </Button>
      </td>
    </tr>
  );
}

function tellRivals({ targets, targetShare, strictTargets }: DrawRule): string {
  const only = strictTargets.length > 0 ? `only ${strictTargets.join(", ")}` : "anybody";
  if (targets.length === 0) return only;
  return `${only}; ${targets.join(", ")} in ${Math.round(targetShare * 100)} % of its first draws`;
}

type DrawSheetProps = { model: string | null; base: ArenaRules; onClose: () => void };

function DrawSheet({ model, base, onClose }: DrawSheetProps) {
  const { mutate, isPending, problem } = useRulesChange(onClose);
  const { sampling } = base.settings;
  const rule = sampling.models.find((it) => it.model === model);
  const save = (models: readonly unknown[]) =>
    mutate({ base, change: { sampling: { ...sampling, models } } });
  const others = sampling.models.filter((it) => it !== rule);
  return (
    <Sheet
      open
      onOpenChange={onClose}
      title={model ?? "A model"}
      description="How battles draw it. Changes hold within a second; battles that began go on as they are."
    >
      <DrawForm
        model={model}
        rule={rule}
        // The changed rule stands behind the others, and what is wrong is told by its place.
        place={`sampling.models.${others.length}`}
        isSending={isPending}
        problem={problem}
        onSubmit={(changed) => save([...others, changed])}
      />
      {rule !== undefined && (
        <Button variant="danger" disabled={isPending} onClick={() => save(others)} className="mt-4">
          Forget all of it
        </Button>
      )}
    </Sheet>
  );
}
