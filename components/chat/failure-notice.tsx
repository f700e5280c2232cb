import { Button } from "../ui/button";
import { Notice } from "../ui/notice";
import type { Generation } from "./use-generation";

export type FailureNoticeProps = {
  generation: Pick<Generation, "failure" | "ask" | "readAgain">;
};

/** A whole turn that failed: before its start nothing was written, after it the part is kept. */
export function FailureNotice({ generation }: FailureNoticeProps) {
  const { failure, ask, readAgain } = generation;
  if (!failure) return null;
  const isPartKept = failure.kept === "part";
  return (
    <Notice
      tone="danger"
      action={
        <Button size="small" onClick={() => void (isPartKept ? readAgain() : ask(failure.ask))}>
          {isPartKept ? "Show what is kept" : "Try again"}
        </Button>
      }
    >
      {failure.error.message}{" "}
      {isPartKept ? "What was written so far is kept." : "Your question is kept below."}
    </Notice>
  );
}
