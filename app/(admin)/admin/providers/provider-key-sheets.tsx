"use client";

import { ConfirmSheet } from "@/components/ui/confirm-sheet";
import { Sheet } from "@/components/ui/sheet";
import { paths } from "@/lib/paths";
import type { ProviderKeyView } from "@/lib/protocol/providers-view";
import { ProviderKeyForm } from "./provider-key-form";
import { toKeyWords } from "./provider-words";
import { useProviderChange } from "./use-provider-change";

type SheetProps = { onClose: () => void };

const SEALED = "It is encrypted before it is kept, and shown to nobody again, you included.";

export function AddKeySheet({ onClose }: SheetProps) {
  const { mutate, isPending, problem } = useProviderChange(onClose);
  return (
    <Sheet open onOpenChange={onClose} isHeld title="Add a key" description={SEALED}>
      <ProviderKeyForm
        name=""
        provider="openai"
        verb="Keep the key"
        isSending={isPending}
        problem={problem}
        onSubmit={(draft) =>
          mutate({ path: paths.api.adminProviderKeys, method: "POST", body: () => draft })
        }
      />
    </Sheet>
  );
}

export function ReplaceKeySheet({ view, onClose }: SheetProps & { view: ProviderKeyView }) {
  const { mutate, isPending, problem } = useProviderChange(onClose);
  return (
    <Sheet
      open
      onOpenChange={onClose}
      isHeld
      title={`Replace ${view.name}`}
      description={`A key of ${toKeyWords(view.provider)}. The one before is gone with this one; its models use the new one within seconds. ${SEALED}`}
    >
      <ProviderKeyForm
        name={view.name}
        provider={view.provider}
        isReplacement
        verb="Replace the key"
        isSending={isPending}
        problem={problem}
        onSubmit={({ name, credentials }) =>
          mutate({
            ...{ path: paths.api.adminProviderKey(view.id), method: "PATCH" },
            body: () => ({ name, credentials }),
          })
        }
      />
    </Sheet>
  );
}

export function DeleteKeySheet({ view, onClose }: SheetProps & { view: ProviderKeyView }) {
  const { mutate, isPending, problem } = useProviderChange(onClose);
  const isUsed = view.models.length > 0;
  return (
    <ConfirmSheet
      title={`Delete ${view.name}?`}
      description={
        isUsed
          ? `It is used by ${view.models.join(", ")}. Give them another key, or delete them first.`
          : "No model uses it. What is deleted here cannot be brought back."
      }
      verb={isUsed ? undefined : "Delete the key"}
      refusal={isUsed ? "Close" : "Keep it"}
      isSending={isPending}
      problem={problem?.message}
      onConfirm={() => mutate({ path: paths.api.adminProviderKey(view.id), method: "DELETE" })}
      onClose={onClose}
    />
  );
}
