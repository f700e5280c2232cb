"use client";

import Link from "next/link";
import { useMemo, useState } from "react";
import { formatCount, formatShare } from "@/components/format";
import { Choice } from "@/components/plots/choice";
import { type FigureTable, toCsv } from "@/components/plots/figure-table";
import { FigureTableView } from "@/components/plots/figure-table-view";
import { OpponentList } from "@/components/plots/opponent-list";
import { saveFile } from "@/components/plots/save-file";
import { type OpponentOrder, toShares } from "@/components/plots/to-opponents";
import { Button } from "@/components/ui/button";
import { paths } from "@/lib/paths";
import type { ModelPage } from "@/lib/protocol/board-view";
import { Section } from "./section";

const ORDERS = [
  { value: "votes", label: "Most votes" },
  { value: "best", label: "Best for it" },
  { value: "worst", label: "Worst for it" },
] as const;
const SHOWN_AT_FIRST = 10;

/** What people said of it against each opponent, and what the ratings expect. */
export function OpponentsSection({ page: { facts, opponents } }: { page: ModelPage }) {
  const [order, setOrder] = useState<OpponentOrder>("votes");
  const [isTable, setIsTable] = useState(false);
  const [isAll, setIsAll] = useState(false);
  const shares = useMemo(() => toShares(opponents), [opponents]);
  const table = useMemo(() => toTable(opponents), [opponents]);
  const download = () =>
    saveFile(
      `${facts.model.replaceAll(/[^\w.-]+/g, "-")}-opponents.csv`,
      new Blob([toCsv(table)], { type: "text/csv;charset=utf-8" }),
    );
  return (
    <Section
      id="opponents"
      title="Against each opponent"
      lead="The bar is the share of votes with a winner that it won, from the middle; the mark is what the ratings expect."
    >
      {opponents.length === 0 ? (
        <p className="text-ink-soft">
          It has met no rated opponent yet.{" "}
          <Link
            href={paths.battle}
            prefetch={false}
            className="text-accent underline underline-offset-4"
          >
            Start a battle
          </Link>
        </p>
      ) : (
        <>
          {opponents.length > 1 && !isTable && (
            <div className="mb-4">
              <Choice label="Order" options={ORDERS} value={order} onChange={setOrder} />
            </div>
          )}
          {isTable ? (
            <FigureTableView table={table} caption={`${facts.model} against each opponent`} />
          ) : (
            <OpponentList
              opponents={shares}
              order={order}
              countMax={isAll ? opponents.length : SHOWN_AT_FIRST}
            />
          )}
          <div className="-ml-2.5 mt-3 flex flex-wrap gap-x-1 pointer-coarse:ml-0">
            {!isTable && !isAll && opponents.length > SHOWN_AT_FIRST && (
              <Button variant="quiet" size="small" onClick={() => setIsAll(true)}>
                Show all {formatCount(opponents.length)}
              </Button>
            )}
            <Button
              variant="quiet"
              size="small"
              aria-pressed={isTable}
              onClick={() => setIsTable((it) => !it)}
            >
              {isTable ? "Show as bars" : "Show as table"}
            </Button>
            <Button
              variant="quiet"
              size="small"
              aria-label="Download the opponents as CSV"
              onClick={download}
            >
              CSV
            </Button>
          </div>
        </>
      )}
    </Section>
  );
}

function toTable(opponents: ModelPage["opponents"]): FigureTable {
  return {
    columns: [
      { label: "Opponent", isModel: true },
      { label: "Votes", format: formatCount },
      { label: "Won", format: formatCount },
      { label: "Lost", format: formatCount },
      { label: "Tied", format: formatCount },
      { label: "Share won", format: formatShare },
      { label: "Expected", format: formatShare },
    ],
    rows: opponents.map(({ model, votes, wins, losses, ties, expected }) => [
      ...[model, votes, wins, losses, ties],
      ...[wins + losses === 0 ? null : wins / (wins + losses), expected],
    ]),
  };
}
