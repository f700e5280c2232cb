"use client";

import { Kbd } from "@/components/ui/kbd";
import { Sheet } from "@/components/ui/sheet";

const ROWS: readonly (readonly [string, readonly string[]])[] = [
  ["A is better", ["1", "←"]],
  ["B is better", ["2", "→"]],
  ["Tie", ["3"]],
  ["Both bad", ["4"]],
  ["New round", ["N"]],
  ["Stop both answers", ["Esc"]],
  ["Ask", ["↵"]],
  ["New line in a question", ["⇧", "↵"]],
  ["This sheet", ["?"]],
];

export type HelpSheetProps = { open: boolean; onOpenChange: (open: boolean) => void };

export function HelpSheet({ open, onOpenChange }: HelpSheetProps) {
  return (
    <Sheet
      open={open}
      onOpenChange={onOpenChange}
      title="Keys"
      description="They sleep while you type. Press Esc to leave the question field."
    >
      <dl className="divide-y divide-line text-sm">
        {ROWS.map(([what, keys]) => (
          <div key={what} className="flex items-center justify-between py-2">
            <dt>{what}</dt>
            <dd className="flex gap-1">
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}
