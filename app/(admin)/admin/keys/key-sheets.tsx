"use client";

import { CopyButton } from "@/components/chat/copy-button";
import { requestChecked, send } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { ConfirmSheet } from "@/components/ui/confirm-sheet";
import { Sheet } from "@/components/ui/sheet";
import { paths } from "@/lib/paths";
import type { CreatedKey, CreateKeyBody, KeyView } from "@/lib/protocol/key-view";
import { useAdminChange } from "../use-admin-change";
import { EMPTY_DRAFT, toBody, toDraft } from "./key-draft";
import { KeyForm } from "./key-form";

export const KEYS_QUERY = ["admin-keys"];
export const loadKeyShapes = () => import("@/lib/protocol/key-view");

type SheetProps = { onClose: () => void };

export function CreateSheet({ onClose }: SheetProps) {
  const {
    mutate,
    isPending,
    problem,
    reply: made,
  } = useAdminChange({
    queryKey: KEYS_QUERY,
    change: (body: CreateKeyBody) =>
      requestChecked(
        paths.api.adminKeys,
        loadKeyShapes().then((it) => it.createdKeySchema),
        { body },
      ),
  });
  return (
    <Sheet
      open
      onOpenChange={onClose}
      isHeld={made !== undefined}
      title={made ? "Your new key" : "New key"}
      description={
        made
          ? "This is the only time that it is shown: it is stored nowhere, and nobody can show it again."
          : "A program sends it with every request. From the first key on the API needs one."
      }
    >
      {made ? (
        <MadeKey made={made} onClose={onClose} />
      ) : (
        <KeyForm
          initial={EMPTY_DRAFT}
          verb="Make the key"
          isSending={isPending}
          problem={problem}
          onSubmit={(draft) => mutate(toBody(draft))}
        />
      )}
    </Sheet>
  );
}

function MadeKey({ made: { key, view }, onClose }: SheetProps & { made: CreatedKey }) {
  return (
    <>
      <p className="text-sm font-medium">{view.name}</p>
      <div className="mt-2 flex items-start gap-2 rounded-md bg-sunken p-3">
        <code className="min-w-0 flex-1 font-mono text-sm break-all select-all">{key}</code>
        <CopyButton text={key} label="Copy the key" />
      </div>
      <Button variant="primary" onClick={onClose} className="mt-6">
        I have kept it
      </Button>
    </>
  );
}

export function EditSheet({ view, onClose }: SheetProps & { view: KeyView }) {
  const { mutate, isPending, problem } = useAdminChange({
    queryKey: KEYS_QUERY,
    change: (body: CreateKeyBody, signal) =>
      send(paths.api.adminKey(view.id), { method: "PATCH", body, signal }),
    onDone: onClose,
  });
  return (
    <Sheet
      open
      onOpenChange={onClose}
      title={`Edit ${view.name}`}
      description={`${view.prefix}… The key itself stays the same; changes hold within a second.`}
    >
      <KeyForm
        initial={toDraft(view)}
        verb="Save"
        isSending={isPending}
        problem={problem}
        onSubmit={(draft) => mutate(toBody(draft, view))}
      />
    </Sheet>
  );
}

export function RevokeSheet({ view, onClose }: SheetProps & { view: KeyView }) {
  const { mutate, isPending, problem } = useAdminChange({
    queryKey: KEYS_QUERY,
    change: (_: undefined, signal) =>
      send(paths.api.adminKey(view.id), { method: "DELETE", signal }),
    onDone: onClose,
  });
  return (
    <ConfirmSheet
      title={`Revoke ${view.name}?`}
      description={`Programs that use ${view.prefix}… are refused within a second. A revoked key cannot be brought back.`}
      verb="Revoke the key"
      isSending={isPending}
      problem={problem?.message}
      onConfirm={() => mutate(undefined)}
      onClose={onClose}
    />
  );
}
