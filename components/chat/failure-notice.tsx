import { Button } from "../ui/button";
import { Notice } from "../ui/notice";
import type { Ask, Failure } from "./use-generation";

export type FailureNoticeProps = { failure: Failure; onRetry: (ask: Ask) => void };

/** A whole turn that failed: before its start nothing was written, after it the part is kept. */
export function FailureNotice({ failure, onRetry }: FailureNoticeProps) {
  const { error, kept } = failure;
  return (
    <Notice
      tone="danger"
      action={
        kept === "nothing" && (
          <Button size="small" onClick={() => onRetry(failure.ask)}>
            Try again
          </Button>
        )
      }
    >
      {error.message}{" "}
      {kept === "part" ? "What was written so far is kept." : "Your question is kept below."}
    </Notice>
  );
}
