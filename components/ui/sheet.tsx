"use client";

import clsx from "clsx";
import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import { type ReactNode, useEffect, useRef } from "react";
import { Button } from "./button";
import { focusNear, placesAround } from "./focus-near";

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
  const opener = useRef<Element[]>([]);
  const onClose = (event: Event) => {
    event.preventDefault();
    focusNear(opener.current);
  };
  const content = useRef<HTMLDivElement>(null);
  const focused = useRef<Element | null>(null);
  // A button that is switched off while it sends loses the focus, and gets it back with whatever came of it.
  useEffect(() => {
    const last = focused.current;
    const isLost = document.activeElement === document.body;
    if (isLost && last && content.current?.contains(last)) focusNear([last]);
  });
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-scrim" />
        <div className="pointer-events-none fixed inset-0 z-50 flex items-end justify-center sm:items-center sm:p-6">
          <Dialog.Content
            onOpenAutoFocus={() => {
              opener.current = placesAround(document.activeElement);
            }}
            onFocus={({ target }) => {
              focused.current = target;
            }}
            ref={content}
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
