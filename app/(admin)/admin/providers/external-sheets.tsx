"use client";

import { ConfirmSheet } from "@/components/ui/confirm-sheet";
import { Sheet } from "@/components/ui/sheet";
import { paths } from "@/lib/paths";
import type { ExternalModelView, ProviderKeyView } from "@/lib/protocol/providers-view";
import { EMPTY_EXTERNAL, onlyKeyOf, toExternalBody, toExternalDraft } from "./external-draft";
import { ExternalForm } from "./external-form";
import { useProviderChange } from "./use-provider-change";

type SheetProps = { onClose: () => void };
type FormSheetProps = SheetProps & { keys: readonly ProviderKeyView[] };

export function AddModelSheet({ keys, onClose }: FormSheetProps) {
  const { mutate, isPending, problem } = useProviderChange(onClose);
  return (
    <Sheet
      open
      onOpenChange={onClose}
      isHeld
      isWide
      title="Add a model"
      description="It is a model like any other here: in battles, in chats, and for programs."
    >
      <ExternalForm
        initial={{ ...EMPTY_EXTERNAL, keyId: onlyKeyOf(EMPTY_EXTERNAL.provider, keys) }}
        keys={keys}
        verb="Add the model"
        isSending={isPending}
        problem={problem}
        onSubmit={(draft) =>
          mutate({
            ...{ path: paths.api.adminExternalModels, method: "POST" },
            body: () => toExternalBody(draft, true),
          })
        }
      />
    </Sheet>
  );
}

export function EditModelSheet({
  view,
  keys,
  onClose,
}: FormSheetProps & { view: ExternalModelView }) {
  const { mutate, isPending, problem } = useProviderChange(onClose);
  return (
    <Sheet
      open
      onOpenChange={onClose}
      isHeld
      isWide
      title={`Edit ${view.entry.name}`}
      description="Its worker takes a change up within seconds; answers in flight end as they began."
    >
      <ExternalForm
        initial={toExternalDraft(view)}
        keys={keys}
        verb="Save"
        isSending={isPending}
        problem={problem}
        onSubmit={(draft) =>
          mutate({
            ...{ path: paths.api.adminExternalModel(view.id), method: "PUT" },
            body: () => toExternalBody(draft, view.isEnabled),
          })
        }
      />
    </Sheet>
  );
}

export function DeleteModelSheet({ view, onClose }: SheetProps & { view: ExternalModelView }) {
  const { mutate, isPending, problem } = useProviderChange(onClose);
  return (
    <ConfirmSheet
      title={`Delete ${view.entry.name}?`}
      description="It is offered no more within seconds, and what was entered here of it is gone. Its answers and votes stay, and so does its key."
      verb="Delete the model"
      isSending={isPending}
      problem={problem?.message}
      onConfirm={() => mutate({ path: paths.api.adminExternalModel(view.id), method: "DELETE" })}
      onClose={onClose}
    />
  );
}
