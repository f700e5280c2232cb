"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { countOf, formatCount } from "@/components/format";
import { requestChecked } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { PAGE_REFRESH_INTERVAL_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { KeyList, KeyView } from "@/lib/protocol/key-view";
import { isSignedOut, UnreadableNotice } from "../unreadable-notice";
import { CreateSheet, EditSheet, KEYS_QUERY, loadKeyShapes, RevokeSheet } from "./key-sheets";
import { KeyTable } from "./key-table";

const DOORS: Record<KeyList["open"], string> = {
  nobody: "The API answers nobody without a key.",
  "this-machine":
    "No key was ever made, so the API answers every program on this machine. The first key ends that.",
  everyone: "The API answers everyone, also without a key (PARLEY_API_OPEN).",
};

type Open = { sheet: "create" } | { sheet: "edit" | "revoke"; view: KeyView };

export function KeysView() {
  const [open, setOpen] = useState<Open | null>(null);
  const { data, error, refetch, isPending } = useQuery({
    queryKey: KEYS_QUERY,
    queryFn: ({ signal }) =>
      requestChecked(
        paths.api.adminKeys,
        loadKeyShapes().then((it) => it.keyListSchema),
        { signal },
      ),
    refetchInterval: PAGE_REFRESH_INTERVAL_MS,
    retry: false,
  });
  if (isPending) return <KeysSkeleton />;
  if (error && (!data || isSignedOut(error))) {
    return <UnreadableNotice what="The keys" error={error} onRetry={() => void refetch()} />;
  }
  if (!data) return null;
  const close = () => setOpen(null);
  return (
    <>
      <div className="mb-4 flex flex-wrap items-end justify-between gap-x-8 gap-y-4">
        <p className="numeric max-w-[65ch] text-sm text-ink-soft">
          {DOORS[data.open]} {countWords(data)}
          {error ? " The newest state could not be read." : null}
        </p>
        <Button variant="primary" onClick={() => setOpen({ sheet: "create" })}>
          New key
        </Button>
      </div>
      {data.keys.length === 0 ? (
        <p className="border-t border-line py-12 text-ink-soft">
          There is no key yet. Make one here, or with{" "}
          <code className="font-mono text-sm text-ink">
            npx parley keys create --name &lt;name&gt;
          </code>
          .
        </p>
      ) : (
        <KeyTable
          keys={data.keys}
          onEdit={(view) => setOpen({ sheet: "edit", view })}
          onRevoke={(view) => setOpen({ sheet: "revoke", view })}
        />
      )}
      {open?.sheet === "create" && <CreateSheet onClose={close} />}
      {open?.sheet === "edit" && <EditSheet view={open.view} onClose={close} />}
      {open?.sheet === "revoke" && <RevokeSheet view={open.view} onClose={close} />}
    </>
  );
}

function countWords({ keys, total }: KeyList): string {
  if (total === 0) return "";
  const live = keys.filter((it) => it.state === "live").length;
  if (total > keys.length) {
    return `The newest ${formatCount(keys.length)} of ${countOf(total, "key")}.`;
  }
  return `${formatCount(live)} of ${countOf(total, "key")} ${live === 1 ? "is" : "are"} live.`;
}

function KeysSkeleton() {
  return (
    <div role="status" aria-label="Loading the keys">
      <Skeleton className="mb-8 h-4 w-80" />
      {["first", "second", "third"].map((row) => (
        <div key={row} className="flex h-16 items-center gap-8 border-b border-line">
          <Skeleton className="h-4 w-32" />
          <Skeleton className="h-4 w-20" />
          <Skeleton className="h-4 flex-1" />
        </div>
      ))}
    </div>
  );
}
