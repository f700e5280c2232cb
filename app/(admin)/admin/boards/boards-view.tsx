"use client";

import Link from "next/link";
import { useState } from "react";
import { paths } from "@/lib/paths";
import type { AdminBoards } from "@/lib/protocol/published-view";
import { AdminReading } from "../admin-reading";
import { PublicationList } from "./publication-list";
import { PublishForm } from "./publish-form";
import { type PublishedRow, PublishedTable } from "./published-table";
import { RemovalSheet } from "./removal-sheet";
import { useBoards } from "./use-boards";

export function BoardsView() {
  return (
    <AdminReading what="The boards" query={useBoards()}>
      {(view) => <Boards {...view} />}
    </AdminReading>
  );
}

function Boards({ boards, publications, codeVersion }: AdminBoards) {
  const [removing, setRemoving] = useState<PublishedRow | null>(null);
  return (
    <>
      <Explanation />
      <h2 className="mt-10 mb-4 text-lg font-medium">Publish a board</h2>
      <PublishForm />
      <div aria-live="polite">
        <PublicationList publications={publications} />
      </div>
      <h2 className="mt-12 mb-4 text-lg font-medium">Published boards</h2>
      {boards.length === 0 ? (
        <p className="border-t border-line py-12 text-ink-soft">Nothing was published so far.</p>
      ) : (
        <PublishedTable boards={boards} onRemove={setRemoving} />
      )}
      <p className="mt-6 max-w-[68ch] text-sm text-ink-soft">
        Anyone computes a board again with{" "}
        <code className="font-mono text-ink">
          npx parley leaderboard reproduce ID --base-url ADDRESS
        </code>
        . What computes here is <code className="font-mono break-all text-ink">{codeVersion}</code>.
      </p>
      {removing && <RemovalSheet board={removing} onClose={() => setRemoving(null)} />}
    </>
  );
}

/** What is told of votes, and what is not. */
function Explanation() {
  return (
    <div className="max-w-[68ch] space-y-3 text-sm text-ink-soft">
      <p>
        A published board does not change any more. Its votes are stored with it, under their
        SHA-256, for anyone to take along and to compute the same bytes again. The{" "}
        <Link
          href={paths.publicLog}
          prefetch={false}
          className="text-accent underline underline-offset-4"
        >
          public log
        </Link>{" "}
        tells of it.
      </p>
      <p>
        Of each counted vote everybody gets: the two models, the outcome, the day (UTC), the turn,
        the language and the categories of the prompt, how likely the pair was drawn, and how long
        and how marked up the answers were. Not who voted, not the hour, and not a word of prompts
        and answers. Votes on models whose names are told nowhere are left out. So the votes stay
        when visitors delete their conversations.
      </p>
    </div>
  );
}
