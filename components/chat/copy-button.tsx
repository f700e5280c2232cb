"use client";

import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "../ui/button";

const SAID_FOR_MS = 1_600;

export type CopyButtonProps = { text: string; label: string; className?: string };

export function CopyButton({ text, label, className }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<"idle" | "copied" | "refused">("idle");
  useEffect(() => {
    if (outcome === "idle") return;
    const timer = setTimeout(() => setOutcome("idle"), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [outcome]);

  function copy() {
    // Absent on plain http beyond this machine; said instead of failing silently.
    if (!navigator.clipboard) return setOutcome("refused");
    navigator.clipboard.writeText(text).then(
      () => setOutcome("copied"),
      () => setOutcome("refused"),
    );
  }

  const Icon = outcome === "copied" ? Check : Copy;
  const words = { idle: "Copy", copied: "Copied", refused: "Not allowed here" }[outcome];
  return (
    <Button variant="quiet" size="small" className={className} onClick={copy} aria-label={label}>
      <Icon size={16} strokeWidth={1.5} aria-hidden="true" />
      <span aria-live="polite">{words}</span>
    </Button>
  );
}
