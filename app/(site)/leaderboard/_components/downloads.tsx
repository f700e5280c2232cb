"use client";

import { Download } from "lucide-react";
import { withQuery } from "@/components/board/board-address";
import { boardLabel } from "@/components/board/board-labels";
import { toBoardSearch } from "@/components/plots/board-search";
import { Disclosure } from "@/components/ui/disclosure";
import { paths } from "@/lib/paths";
import type { BoardKey } from "@/lib/protocol/board-key";

export type DownloadsProps = { boardKey: BoardKey };

function fileOf(key: BoardKey, format: "csv" | "json"): string {
  const query = toBoardSearch(key);
  query.set("format", format);
  return withQuery(paths.api.leaderboardFile, query);
}

export function Downloads({ boardKey }: DownloadsProps) {
  return (
    <Disclosure
      title="Downloads"
      label={
        <>
          <Download size={16} strokeWidth={1.5} aria-hidden="true" />
          Download
        </>
      }
    >
      <Group
        title="This board"
        text={`${boardLabel(boardKey)}: every model and number of it.`}
        files={[
          ["CSV", fileOf(boardKey, "csv")],
          ["JSON", fileOf(boardKey, "json")],
        ]}
      />
      <Group
        title="The votes"
        text="Every counted vote until yesterday (UTC), without a text and without the one who cast it. Boards can be computed from it anew."
        files={[
          ["JSONL", `${paths.api.votesFile}?format=jsonl`],
          ["Parquet", `${paths.api.votesFile}?format=parquet`],
        ]}
      />
    </Disclosure>
  );
}

type GroupProps = {
  title: string;
  text: string;
  files: readonly (readonly [name: string, href: string])[];
};

function Group({ title, text, files }: GroupProps) {
  return (
    <section className="not-first:mt-4 not-first:border-t not-first:border-line not-first:pt-4">
      <h3 className="font-medium">{title}</h3>
      <p className="mt-1 text-xs text-ink-soft">{text}</p>
      <ul className="mt-1 flex gap-5">
        {files.map(([name, href]) => (
          <li key={name}>
            <a
              href={href}
              download
              aria-label={`${title} as ${name}`}
              className="inline-flex min-h-8 items-center text-accent underline underline-offset-4 pointer-coarse:min-h-11"
            >
              {name}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
