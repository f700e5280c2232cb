import type { Metadata } from "next";
import Link from "next/link";
import { dayLabel } from "@/components/board/board-labels";
import { countOf, formatDate } from "@/components/format";
import { Notice } from "@/components/ui/notice";
import { readPublicLog } from "@/lib/integrity/read-public-log";
import { paths } from "@/lib/paths";
import { type PublicLog, publicLogQuerySchema } from "@/lib/protocol/review-view";
import { log } from "@/lib/telemetry/log";

export const dynamic = "force-dynamic";

export const metadata: Metadata = { title: "What was done to the leaderboard" };

type LogPageProps = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function LogPage({ searchParams }: LogPageProps) {
  const { before } = await searchParams;
  const lines = await read(before);
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <h1 className="font-display text-2xl tracking-tight">What was done to the leaderboard</h1>
      <p className="mt-4 mb-10 max-w-[68ch] text-ink-soft">
        The{" "}
        <Link
          href={paths.leaderboard}
          prefetch={false}
          className="text-accent underline underline-offset-4"
        >
          leaderboard
        </Link>{" "}
        follows from counted votes alone. Each time that votes were taken out or put back, it was
        computed anew, and this page says why. It also tells when votes cast elsewhere were moved
        in, which boards were published and removed, and which models came into battles and which
        are no longer drawn, private ones without their names and a day late.
      </p>
      {lines === null ? (
        <Notice tone="danger">The log could not be read. Try again in a few seconds.</Notice>
      ) : (
        <Lines lines={lines} />
      )}
    </main>
  );
}

/** Of a day as YYYY-MM-DD: all that is told of the time of a private model. */
const DAY_LENGTH = 10;

function Lines({ lines: { entries, next } }: { lines: PublicLog }) {
  if (entries.length === 0) {
    return (
      <p className="border-t border-line py-12 text-ink-soft">
        Nothing was taken out, put back or moved in so far, and no model has come or gone.
      </p>
    );
  }
  return (
    <>
      <ol className="divide-y divide-line border-y border-line">
        {entries.map(({ id, message, ballots, createdAt }) => (
          <li key={id} className="flex flex-wrap gap-x-6 gap-y-1 py-4">
            <time dateTime={createdAt} className="numeric w-44 text-sm text-ink-soft">
              {createdAt.length === DAY_LENGTH
                ? dayLabel(createdAt)
                : formatDate(new Date(createdAt))}
            </time>
            <p className="min-w-0 flex-1 basis-64 wrap-anywhere">{message}</p>
            {ballots > 0 && (
              <p className="numeric text-sm text-ink-soft">{countOf(ballots, "vote")}</p>
            )}
          </li>
        ))}
      </ol>
      {next !== null && (
        <p className="mt-6">
          <Link
            href={`${paths.publicLog}?before=${next}`}
            prefetch={false}
            className="text-accent underline underline-offset-4"
          >
            Older entries
          </Link>
        </p>
      )}
    </>
  );
}

async function read(before: string | string[] | undefined): Promise<PublicLog | null> {
  // What is no id is of nobody's link: the newest are shown.
  const query = publicLogQuerySchema.catch({}).parse(before === undefined ? {} : { before });
  try {
    return await readPublicLog(query);
  } catch (error) {
    log.warn({ err: error }, "the public log could not be read");
    return null;
  }
}
