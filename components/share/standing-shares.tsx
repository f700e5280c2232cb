"use client";

import { paths } from "@/lib/paths";
import type { StandingShare } from "@/lib/protocol/share";
import { CopyButton } from "../chat/copy-button";
import { formatDate } from "../format";
import { toRequestError } from "../request-json";
import { Button } from "../ui/button";
import { useRevoke } from "./use-shares";

/** Public links of a conversation, each to be copied, opened and taken back. */
export function StandingShares({ shares }: { shares: readonly StandingShare[] }) {
  const revoke = useRevoke();
  if (shares.length === 0) return null;
  return (
    <section aria-label="Public links" className="mt-6 border-t border-line pt-4">
      <h3 className="text-sm font-medium">Public links</h3>
      <p role="alert" className="text-sm text-danger empty:hidden">
        {revoke.error ? `It was not revoked. ${toRequestError(revoke.error).message}` : null}
      </p>
      <ul className="mt-2 divide-y divide-line">
        {shares.map(({ id, createdAt, mayBeFound }) => {
          const address = new URL(paths.share(id), window.location.origin).href;
          return (
            <li key={id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
              <div className="min-w-0 flex-1 basis-56">
                <a
                  href={address}
                  target="_blank"
                  rel="noreferrer"
                  className="block truncate font-mono text-sm text-accent underline underline-offset-4"
                >
                  {address.replace(/^https?:\/\//, "")}
                </a>
                <p className="numeric text-xs text-ink-soft">
                  {formatDate(new Date(createdAt))} ·{" "}
                  {mayBeFound ? "search engines may list it" : "only with the link"}
                </p>
              </div>
              <CopyButton text={address} label="Copy the link" />
              <Button
                size="small"
                disabled={revoke.isPending}
                onClick={() => revoke.mutate(id)}
                aria-label={`Revoke the link of ${formatDate(new Date(createdAt))}`}
              >
                Revoke
              </Button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
