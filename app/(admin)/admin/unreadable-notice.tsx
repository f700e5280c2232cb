"use client";

import Link from "next/link";
import { type RequestError, toRequestError } from "@/components/request-json";
import { Button, buttonClass } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { paths } from "@/lib/paths";

/** Whether a request failed because the session has ended. */
export function isSignedOut(error: unknown): boolean {
  const { code }: RequestError = toRequestError(error);
  return code === "unauthenticated" || code === "forbidden";
}

export type UnreadableNoticeProps = {
  /** What is not shown, as the beginning of a sentence: "The workers". */
  what: string;
  error: unknown;
  onRetry: () => void;
};

/** In place of what could not be read: why, and the next step. */
export function UnreadableNotice({ what, error, onRetry }: UnreadableNoticeProps) {
  if (isSignedOut(error)) {
    return (
      <Notice
        action={
          <Link
            href={paths.adminLogin}
            prefetch={false}
            className={buttonClass({ variant: "primary", size: "small" })}
          >
            Sign in
          </Link>
        }
      >
        {what} are shown to keepers of this server.
      </Notice>
    );
  }
  return (
    <Notice
      tone="danger"
      action={
        <Button size="small" onClick={onRetry}>
          Try again
        </Button>
      }
    >
      {what} could not be read. {toRequestError(error).message}
    </Notice>
  );
}
