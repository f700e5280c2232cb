"use client";

import { lazy, Suspense } from "react";
import type { KeyBinding } from "@/components/keys/key-binding";

const HelpSheet = lazy(() =>
  import("@/components/keys/help-sheet").then((it) => ({ default: it.HelpSheet })),
);

export type OpenSheet = "help" | null;

export type PairSheetsProps = {
  open: OpenSheet;
  onOpen: (open: OpenSheet) => void;
  keys: readonly KeyBinding[];
};

export function PairSheets({ open, onOpen, keys }: PairSheetsProps) {
  const close = (isOpen: boolean) => !isOpen && onOpen(null);
  return (
    <Suspense>
      {open === "help" && <HelpSheet bindings={keys} open onOpenChange={close} />}
    </Suspense>
  );
}
