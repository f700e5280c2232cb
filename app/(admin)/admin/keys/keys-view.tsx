"use client";

import { useState } from "react";
import { countOf, formatCount } from "@/components/format";
import { Button } from "@/components/ui/button";
import { paths } from "@/lib/paths";
import type { KeyList, KeyView } from "@/lib/protocol/key-view";
import { AdminReading, useAdminQuery } from "../admin-reading";
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
  const query = useAdminQuery({
    ...{ queryKey: KEYS_QUERY, path: paths.api.adminKeys },
    loadSchema: () => loadKeyShapes().then((it) => it.keyListSchema),
  });
  return (
    <AdminReading what="The keys" query={query}>
      {(list) => <Keys list={list} />}
    </AdminReading>
  );
}

function Keys({ list }: { list: KeyList }) {
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <div className="mb-4 flex flex-wrap items-end justify-between gap-x-8 gap-y-4">
        <p className="numeric max-w-[65ch] text-sm text-ink-soft">
          {DOORS[list.open]} {countWords(list)}
        </p>
        <Button variant="primary" onClick={() => setOpen({ sheet: "create" })}>
          New key
        </Button>
      </div>
      {list.keys.length === 0 ? (
        <p className="border-t border-line py-12 text-ink-soft">
          There is no key yet. Make one here, or with{" "}
          <code className="font-mono text-sm text-ink">
            npx parley keys create --name &lt;name&gt;
          </code>
          .
        </p>
      ) : (
        <KeyTable
          keys={list.keys}
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
