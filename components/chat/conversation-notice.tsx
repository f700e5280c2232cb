import { lazy, Suspense } from "react";
import { Button } from "../ui/button";
import { Notice } from "../ui/notice";
import type { Conversation } from "./use-conversation";

// Of use where an operator has switched the check on.
const HumanityNotice = lazy(() =>
  import("./humanity-notice").then((it) => ({ default: it.HumanityNotice })),
);

export type ConversationNoticeProps = {
  conversation: Pick<Conversation, "failure" | "phase" | "isReachable" | "stopProblem" | "client">;
};

/** What went wrong with a turn, what was kept, and the next step. */
export function ConversationNotice({ conversation }: ConversationNoticeProps) {
  const { failure, phase, isReachable, stopProblem, client } = conversation;
  if (failure?.error.param === "humanity") {
    return (
      <Suspense>
        <HumanityNotice message={failure.error.message} onPassed={() => void client.retry()} />
      </Suspense>
    );
  }
  if (failure) {
    return (
      <Notice
        tone="danger"
        action={
          <Button size="small" onClick={() => void client.retry()}>
            Try again
          </Button>
        }
      >
        {failure.error.message}{" "}
        {failure.ask.prompt ? "Your question is kept." : "What was written before is kept."}
      </Notice>
    );
  }
  if (phase === "streaming" && !isReachable) {
    return (
      <Notice>
        The connection broke. What was written so far is kept, and this page goes on by itself as
        soon as the server can be reached.
      </Notice>
    );
  }
  if (stopProblem) return <Notice tone="danger">It was not stopped. {stopProblem}</Notice>;
  return null;
}
