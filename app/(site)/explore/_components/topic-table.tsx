"use client";

import { useMemo } from "react";
import { formatCount, formatShare } from "@/components/format";
import type { FigureTable } from "@/components/plots/figure-table";
import { toCsv } from "@/components/plots/figure-table";
import { FigureTableView } from "@/components/plots/figure-table-view";
import { saveFile } from "@/components/plots/save-file";
import { Button } from "@/components/ui/button";
import type { TopicNode } from "./topic-tree";

/** The same topics as rows, with their parts, and as a file. */
export function TopicTable({ tree, prompts }: { tree: readonly TopicNode[]; prompts: number }) {
  const table = useMemo(() => toTable(tree, prompts), [tree, prompts]);
  const save = () =>
    saveFile("parley-topics.csv", new Blob([toCsv(table)], { type: "text/csv;charset=utf-8" }));
  return (
    <>
      <FigureTableView table={withoutWords(table)} caption="Topics of battles" />
      <Button variant="quiet" size="small" className="mt-3" onClick={save}>
        Download as CSV
      </Button>
    </>
  );
}

function toTable(tree: readonly TopicNode[], all: number): FigureTable {
  return {
    columns: [
      { label: "Topic" },
      { label: "Questions", format: formatCount },
      { label: "Share", format: formatShare },
      { label: "Counted votes", format: formatCount },
      { label: "Words" },
    ],
    rows: tree.flatMap((topic) =>
      [
        { ...topic, within: "" },
        ...topic.children.map((it) => ({ ...it, within: topic.name })),
      ].map(({ name, within, prompts, votes, terms }) => [
        within === "" ? name : `${within} › ${name}`,
        ...[prompts, prompts / all, votes, terms.join(", ")],
      ]),
    ),
  };
}

/** They are in the file; beside numbers they would make each row as high as eight. */
function withoutWords({ columns, rows }: FigureTable): FigureTable {
  return { columns: columns.slice(0, -1), rows: rows.map((row) => row.slice(0, -1)) };
}
