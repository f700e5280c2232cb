"use client";

import { Button } from "./button";
import { Sheet } from "./sheet";

export type ConfirmSheetProps = {
  /** A question: "Delete it?" */
  title: string;
  description: string;
  /** What the button does, in the question's words. Undefined where it cannot be done now. */
  verb: string | undefined;
  /** What the other one says. */
  refusal?: string;
  /** It can be undone, and looks like any other button. */
  isMild?: boolean;
  isSending: boolean;
  /** Why it was not done. */
  problem: string | null | undefined;
  onConfirm: () => void;
  onClose: () => void;
};

/** Asks before something is done that others notice, or that nobody can take back. */
export function ConfirmSheet(props: ConfirmSheetProps) {
  const { title, description, verb, refusal = "Keep it", isMild = false, onClose } = props;
  return (
    <Sheet open onOpenChange={onClose} title={title} description={description}>
      <p role="alert" className="mb-4 text-sm text-danger empty:hidden">
        {props.problem}
      </p>
      <div className="flex gap-2">
        {verb === undefined ? null : (
          <Button
            variant={isMild ? "outline" : "danger"}
            disabled={props.isSending}
            onClick={props.onConfirm}
          >
            {verb}
          </Button>
        )}
        <Button variant="quiet" onClick={onClose}>
          {refusal}
        </Button>
      </div>
    </Sheet>
  );
}
