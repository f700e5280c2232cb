"use client";

import { ChevronLeft, ChevronRight } from "lucide-react";
import { Button } from "../ui/button";

export type SwitcherProps = {
  /** What one switches between, for a screen reader. */
  label: string;
  earlier: string;
  later: string;
  /** From 0. */
  index: number;
  count: number;
  isDisabled?: boolean;
  onShow: (index: number) => void;
};

/** ‹ 2/3 ›: one of several branches or answers is shown. */
export function Switcher(props: SwitcherProps) {
  const { label, earlier, later, index, count, isDisabled = false, onShow } = props;
  return (
    <fieldset className="numeric flex items-center text-sm text-ink-soft">
      <legend className="sr-only">{label}</legend>
      <Button
        variant="quiet"
        size="icon"
        disabled={isDisabled || index <= 0}
        aria-label={earlier}
        onClick={() => onShow(index - 1)}
      >
        <ChevronLeft size={16} strokeWidth={1.5} aria-hidden="true" />
      </Button>
      <span className="min-w-8 text-center">
        {index + 1}/{count}
      </span>
      <Button
        variant="quiet"
        size="icon"
        disabled={isDisabled || index >= count - 1}
        aria-label={later}
        onClick={() => onShow(index + 1)}
      >
        <ChevronRight size={16} strokeWidth={1.5} aria-hidden="true" />
      </Button>
    </fieldset>
  );
}
