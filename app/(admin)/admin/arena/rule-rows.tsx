"use client";

import { Plus, X } from "lucide-react";
import { useId } from "react";
import type { RequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { FIELD, TEXT_FIELD } from "../keys/field";
import { FieldProblem, isProblemAt } from "../models/field-problem";
import { NumberField } from "../number-field";
import { emptyRow, type RowDraft } from "./rule-draft";
import type { Column, RuleField } from "./rule-fields";

export type RuleRowsProps = {
  field: RuleField & { kind: "rows" };
  at: string;
  rows: readonly RowDraft[];
  problem: RequestError | null;
  onChange: (rows: readonly RowDraft[]) => void;
};

/** Rows of a rule that has as many as an operator likes. */
export function RuleRows({ field, at, rows, problem, onChange }: RuleRowsProps) {
  const id = useId();
  const { label, help, noun, columns } = field;
  const change = (row: RowDraft, name: string, text: string) =>
    onChange(
      rows.map((it) => (it.id === row.id ? { ...it, cells: { ...it.cells, [name]: text } } : it)),
    );
  return (
    <fieldset aria-describedby={id} className="min-w-0 sm:col-span-2">
      <legend className="text-sm font-medium">{label}</legend>
      <p className="text-sm text-ink-soft">{help}</p>
      {rows.map((row, index) => (
        <div key={row.id} className="mt-3 flex items-start gap-2">
          <div className="grid min-w-0 flex-1 gap-x-4 gap-y-2 sm:auto-cols-fr sm:grid-flow-col">
            {columns.map((column) => (
              <Cell
                key={column.name}
                column={column}
                value={row.cells[column.name] ?? ""}
                at={`${at}.${index}.${column.name}`}
                problem={problem}
                describedBy={id}
                onChange={(text) => change(row, column.name, text)}
              />
            ))}
          </div>
          <Button
            variant="quiet"
            size="icon"
            aria-label={`Without ${row.cells[columns[0]?.name ?? ""] || `${noun} ${index + 1}`}`}
            onClick={() => onChange(rows.filter((it) => it.id !== row.id))}
            className="mt-8"
          >
            <X size={20} strokeWidth={1.5} aria-hidden="true" />
          </Button>
        </div>
      ))}
      <FieldProblem id={id} problem={problem} at={at} />
      <Button
        size="small"
        onClick={() => onChange([...rows, emptyRow(rows, columns)])}
        className="mt-3"
      >
        <Plus size={16} strokeWidth={1.5} aria-hidden="true" />
        Add a {noun}
      </Button>
    </fieldset>
  );
}

type CellProps = {
  column: Column;
  value: string;
  at: string;
  problem: RequestError | null;
  describedBy: string;
  onChange: (text: string) => void;
};

function Cell({ column, value, at, problem, describedBy, onChange }: CellProps) {
  const { label, kind } = column;
  const id = useId();
  if (kind === "number") {
    return (
      <NumberField
        {...{ label, value, onChange, at, problem, describedBy }}
        isCount
        isRequired
        min="0"
      />
    );
  }
  const shared = {
    ...{ id, value, autoComplete: "off", spellCheck: false },
    ...{ "aria-invalid": isProblemAt(problem, at), "aria-describedby": describedBy },
  };
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="block text-sm">
        {label}
      </label>
      {kind === "line" ? (
        <input
          {...shared}
          required
          onChange={(event) => onChange(event.target.value)}
          className={`${FIELD} font-mono`}
        />
      ) : (
        <textarea
          {...shared}
          rows={2}
          onChange={(event) => onChange(event.target.value)}
          className={TEXT_FIELD}
        />
      )}
    </div>
  );
}
