"use client";

import { lazy, Suspense } from "react";
import type { SettingsInUse } from "@/components/chat/use-settings";
import type { KeyBinding } from "@/components/keys/key-binding";

const HelpSheet = lazy(() =>
  import("@/components/keys/help-sheet").then((it) => ({ default: it.HelpSheet })),
);
const SettingsSheet = lazy(() =>
  import("@/components/chat/settings-sheet").then((it) => ({ default: it.SettingsSheet })),
);
const ShareDialog = lazy(() =>
  import("@/components/share/share-dialog").then((it) => ({ default: it.ShareDialog })),
);

export type OpenSheet = "help" | "settings" | "share" | null;

export type ChatSheetsProps = {
  open: OpenSheet;
  onOpen: (open: OpenSheet) => void;
  keys: readonly KeyBinding[];
  inUse: SettingsInUse;
  conversationId: string | null;
  /** The last answer of the branch that is shown. */
  leafId: string | undefined;
};

export function ChatSheets(props: ChatSheetsProps) {
  const { open, onOpen, keys, inUse, conversationId, leafId } = props;
  const change = (isOpen: boolean) => !isOpen && onOpen(null);
  return (
    <Suspense>
      {open === "help" && <HelpSheet bindings={keys} open onOpenChange={change} />}
      {open === "settings" && (
        <SettingsSheet
          open
          onOpenChange={change}
          settings={inUse.settings}
          onChange={inUse.change}
        />
      )}
      {open === "share" && conversationId !== null && (
        <ShareDialog
          conversationId={conversationId}
          {...(leafId !== undefined && { leafId })}
          onClose={() => onOpen(null)}
        />
      )}
    </Suspense>
  );
}
