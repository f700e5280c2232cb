"use client";

import Link from "next/link";
import { formatCount, formatDate } from "@/components/format";
import { Button } from "@/components/ui/button";
import { paths } from "@/lib/paths";
import type { AdminBoards } from "@/lib/protocol/published-view";
import { AdminTable, CELL, NUMBER } from "../admin-table";
import { keyLabel } from "./publication-list";

export type PublishedRow = AdminBoards["boards"][number];

const LINK = "text-accent underline underline-offset-4";

export type PublishedTableProps = {
  boards: readonly PublishedRow[];
  onRemove: (board: PublishedRow) => void;
};

export function PublishedTable({ boards, onRemove }: PublishedTableProps) {
  const heads = [
    ...[{ label: "Title" }, { label: "Board" }, { label: "Votes stored", isNumber: true }],
    ...[{ label: "Published" }, { label: "Code" }, { label: "Files" }, { label: "Remove" }],
  ];
  return (
    <AdminTable label="Published boards" heads={heads}>
      {boards.map((board) => (
        <tr key={board.id}>
          <th scope="row" className={`${CELL} max-w-72 text-left font-medium break-words`}>
            <Link href={paths.publishedBoard(board.id)} prefetch={false} className={LINK}>
              {board.title}
            </Link>
            <span className="block font-mono text-xs font-normal text-ink-soft">{board.id}</span>
          </th>
          <td className={CELL}>{keyLabel(board.key)}</td>
          <td className={`${CELL} ${NUMBER}`}>
            {formatCount(board.snapshotVotes)}
            <span className="block font-mono text-xs text-ink-soft" title={board.snapshotHash}>
              {board.snapshotHash.slice(0, 12)}
            </span>
          </td>
          <td className={CELL}>
            <time dateTime={board.createdAt}>{formatDate(new Date(board.createdAt))}</time>
          </td>
          <td className={`${CELL} font-mono text-xs`} title={board.codeVersion}>
            {board.codeVersion.slice(0, 20)}…
          </td>
          <td className={CELL}>
            <ul className="flex gap-4">
              <li>
                <a
                  href={paths.api.publishedFile(board.id)}
                  aria-label={`Board of ${board.title} as JSON`}
                  className={LINK}
                >
                  Board
                </a>
              </li>
              <li>
                <a
                  href={paths.api.publishedVotes(board.id)}
                  aria-label={`Votes of ${board.title}`}
                  className={LINK}
                >
                  Votes
                </a>
              </li>
            </ul>
          </td>
          <td className={CELL}>
            <Button
              size="small"
              aria-label={`Remove ${board.title}`}
              onClick={() => onRemove(board)}
            >
              Remove…
            </Button>
          </td>
        </tr>
      ))}
    </AdminTable>
  );
}
