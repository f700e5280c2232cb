"use client";

import clsx from "clsx";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { buttonClass } from "./button";

export type DisclosureProps = {
  /** Of the button. */
  label: ReactNode;
  /** What is found in it, for readers. */
  title: string;
  children: ReactNode;
  className?: string;
};

/**
 * A button and what it shows, over the page. Links and fields in it are reached by Tab as anywhere else, so
 * it needs neither the roles nor the keys of a menu.
 */
export function Disclosure({ label, title, children, className }: DisclosureProps) {
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    // A click beside it, or Tab out of it.
    const onElsewhere = ({ target }: Event) => {
      if (target instanceof Node && !root.current?.contains(target)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", onElsewhere);
    document.addEventListener("focusin", onElsewhere);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", onElsewhere);
      document.removeEventListener("focusin", onElsewhere);
      document.removeEventListener("keydown", onKey);
    };
  }, [isOpen]);
  return (
    <div ref={root} className={clsx("sm:relative", className)}>
      <button
        ref={button}
        type="button"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
        className={buttonClass({ variant: "quiet", size: "small" })}
      >
        {label}
      </button>
      {isOpen && (
        <section
          id={id}
          aria-label={title}
          className="absolute right-0 z-40 mt-1 w-72 animate-rise rounded-lg border border-line bg-surface p-4 text-sm shadow-raised max-sm:max-w-full"
        >
          {children}
        </section>
      )}
    </div>
  );
}
