import Link from "next/link";
import { dayLabel } from "@/components/board/board-labels";
import { countOf, formatDate } from "@/components/format";
import { RETIRED_AFTER_DAYS } from "@/lib/arena-limits";
import { paths } from "@/lib/paths";
import type { ModelPage } from "@/lib/protocol/board-view";
import { Section } from "./section";

type Entry = ModelPage["ledger"][number];

/** Of `2026-11-21`: a first battle is told by its day (UTC), a day late. */
const DAY_LENGTH = 10;

/** What became of it, from its first day on. */
export function LedgerSection({ page: { ledger } }: { page: ModelPage }) {
  return (
    <Section
      id="ledger"
      title="Ledger"
      lead={
        <>
          What became of it. Entries are written once; nobody can change or remove one. A first
          battle is told by its day, once the day after has ended: whoever fights now shall not know
          whom. A model is known by its name: under another name it is another model, with a ledger
          of its own. See also the{" "}
          <Link
            href={paths.publicLog}
            prefetch={false}
            className="text-accent underline underline-offset-4"
          >
            public log
          </Link>
          .
        </>
      }
    >
      <ol className="relative ml-1 border-l border-line">
        {ledger.map(({ kind, at, votes, by }) => (
          <li key={`${kind} ${at}`} className="relative pb-6 pl-6 last:pb-0">
            <span
              aria-hidden="true"
              className={`absolute top-1.5 -left-[5px] size-[9px] rounded-full ${GRAVE.has(kind) ? "bg-danger" : "bg-ink"}`}
            />
            <p>{toWords({ kind, by })}</p>
            <p className="numeric mt-0.5 flex flex-wrap gap-x-3 text-sm text-ink-soft">
              <time dateTime={at} suppressHydrationWarning>
                {at.length === DAY_LENGTH ? dayLabel(at) : formatDate(new Date(at))}
              </time>
              {votes !== null && votes > 0 && <span>with {countOf(votes, "counted vote")}</span>}
            </p>
          </li>
        ))}
      </ol>
    </Section>
  );
}

const GRAVE: ReadonlySet<Entry["kind"]> = new Set(["withdrawn"]);

const WORDS: Record<Entry["kind"], string> = {
  registered: "Registered: a worker offered it for the first time",
  "first-battle": "First battle",
  "made-private": "Made private: in battles, and named nowhere",
  "made-public": "Made public, with all its votes",
  withdrawn: "Withdrawn by the operator: votes on it no longer count",
  restored: "Restored: votes on it count again",
  retired: "Retired",
  returned: "Back",
  imported: "Votes on it from elsewhere were moved in",
};

function toWords({ kind, by }: Pick<Entry, "kind" | "by">): string {
  if (kind === "registered" && by === "import") {
    return "Registered: its name came with votes from elsewhere";
  }
  if (kind === "retired") {
    return by === "absence"
      ? `Retired: no worker had offered it for ${RETIRED_AFTER_DAYS} days`
      : "Retired by the operator: drawn for no battle any more";
  }
  if (kind === "returned") {
    return by === "offer"
      ? "Back: a worker offers it again"
      : "Brought back by the operator: drawn for battles again";
  }
  return WORDS[kind];
}
