"use client";

import { boardLabel } from "@/components/board/board-labels";
import { countOf, formatCount, formatDate } from "@/components/format";
import { parseBoardKey } from "@/lib/protocol/board-key";
import type { PublicationView } from "@/lib/protocol/published-view";

/** A board as people call it. */
export function keyLabel(text: string): string {
  const key = parseBoardKey(text);
  return key === undefined ? text : boardLabel(key);
}

/** Boards on their way, and those that could not be published lately. */
export function PublicationList({ publications }: { publications: readonly PublicationView[] }) {
  const shown = publications.filter(({ state }) => state !== "done");
  if (shown.length === 0) return null;
  return (
    <section aria-label="Publications" className="mt-8 max-w-3xl">
      <ul className="divide-y divide-line border-y border-line">
        {shown.map((publication) => (
          <li key={publication.id} className="py-4 text-sm">
            <p className="flex flex-wrap gap-x-4">
              <span className="min-w-0 font-medium break-words">{publication.title}</span>
              <span className="text-ink-soft">{keyLabel(publication.key)}</span>
              <time dateTime={publication.startedAt} className="numeric text-ink-soft">
                {formatDate(new Date(publication.startedAt))}
              </time>
            </p>
            <Outcome publication={publication} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Outcome({ publication }: { publication: PublicationView }) {
  const { state, error, votesDone, votesTotal, title } = publication;
  if (state === "failed") return <p className="mt-1 text-danger">Not published. {error}</p>;
  const isReading = votesTotal === 0 || votesDone < votesTotal;
  return (
    <>
      <p className="numeric mt-1 text-ink-soft">
        {isReading
          ? `Storing the votes: ${formatCount(votesDone)} of ${countOf(votesTotal, "vote")}.`
          : `${countOf(votesTotal, "vote")} stored. The board is being computed.`}{" "}
        {error}
      </p>
      <progress
        aria-label={`Publishing ${title}`}
        max={Math.max(1, votesTotal)}
        value={votesDone}
        className="mt-2 h-1.5 w-full accent-accent"
      />
    </>
  );
}
