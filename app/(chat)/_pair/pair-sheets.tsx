"use client";

import { lazy, Suspense } from "react";
import type { KeyBinding } from "@/components/keys/key-binding";

const HelpSheet = lazy(() =>
  import("@/components/keys/help-sheet").then((it) => ({ default: it.HelpSheet })),
);

const ShareDialog = lazy(() =>
  import("@/components/share/share-dialog").then((it) => ({ default: it.ShareDialog })),
);

export type OpenSheet = "help" | "share" | null;

export type PairSheetsProps = {
  open: OpenSheet;
  onOpen: (open: OpenSheet) => void;
  keys: readonly KeyBinding[];
  conversationId: string | null;
};

export function PairSheets({ open, onOpen, keys, conversationId }: PairSheetsProps) {
  const close = (isOpen: boolean) => !isOpen && onOpen(null);
  return (
    <Suspense>
      {open === "help" && <HelpSheet bindings={keys} open onOpenChange={close} />}
      {open === "share" && conversationId !== null && (
        <ShareDialog conversationId={conversationId} onClose={() => onOpen(null)} />
      )}
    </Suspense>
  );
}
