"use client";

import { ConfirmSheet } from "@/components/ui/confirm-sheet";
import { paths } from "@/lib/paths";
import type { AdminModel } from "@/lib/protocol/catalog-view";
import { useCatalogChange } from "./catalog-sheets";

export type RetireSheetProps = { view: AdminModel; onClose: () => void };

/** Asks before something is written into a ledger that nobody can change. */
export function RetireSheet({ view: { model, retiredAt }, onClose }: RetireSheetProps) {
  const { mutate, isPending, problem } = useCatalogChange(onClose);
  const isRetired = retiredAt !== null;
  return (
    <ConfirmSheet
      title={isRetired ? `Bring ${model} back?` : `Retire ${model}?`}
      description={
        isRetired
          ? "It is drawn for battles again as soon as a worker offers it. Its ledger and the public log say so."
          : "It is drawn for no battle any more, also while workers offer it. It keeps its votes and its place on the boards, and programs and visitors may go on asking it by name. Its ledger and the public log say so, for good."
      }
      verb={isRetired ? "Bring it back" : "Retire the model"}
      refusal={isRetired ? "Leave it retired" : "Keep it"}
      isMild
      isSending={isPending}
      problem={problem?.message}
      onConfirm={() =>
        mutate({
          ...{ path: paths.api.adminRetirements, method: "PUT" },
          body: { model, isRetired: !isRetired },
        })
      }
      onClose={onClose}
    />
  );
}
