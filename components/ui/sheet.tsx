"use client";

import clsx from "clsx";
import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { Button } from "./button";

export type SheetProps = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description: string;
  /** A click beside it does not close it: what it shows would be lost. */
  isHeld?: boolean;
  /** As wide as a column of text. */
  isWide?: boolean;
  children: ReactNode;
};

/** A dialog that comes from below on a phone and stands in the middle elsewhere. */
export function Sheet(props: SheetProps) {
  const { open, onOpenChange, title, description, isHeld, isWide, children } = props;
  // Radix returns the focus to a trigger of its own; ours are keys as well.
  const opener = useRef<Element | null>(null);
  const onClose = (event: Event) => {
    event.preventDefault();
    if (opener.current instanceof HTMLElement) opener.current.focus();
  };
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-scrim" />
        <div className="pointer-events-none fixed inset-0 z-50 flex items-end justify-center sm:items-center sm:p-6">
          <Dialog.Content
            onOpenAutoFocus={() => {
              opener.current = document.activeElement;
            }}
            onCloseAutoFocus={onClose}
            onInteractOutside={(event) => isHeld && event.preventDefault()}
            className={clsx(
              "pointer-events-auto max-h-[85dvh] w-full animate-sheet overflow-y-auto rounded-t-lg border border-line bg-surface p-6 shadow-raised sm:rounded-lg",
              isWide ? "max-w-2xl" : "max-w-md",
            )}
          >
            <div className="flex items-start justify-between gap-4">
              <Dialog.Title className="font-display text-xl">{title}</Dialog.Title>
              <Dialog.Close asChild>
                <Button variant="quiet" size="icon" aria-label="Close">
                  <X size={20} strokeWidth={1.5} aria-hidden="true" />
                </Button>
              </Dialog.Close>
            </div>
            <Dialog.Description className="mt-2 text-sm text-ink-soft">
              {description}
            </Dialog.Description>
            <div className="mt-6">{children}</div>
          </Dialog.Content>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
