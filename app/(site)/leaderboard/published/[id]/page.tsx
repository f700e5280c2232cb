import type { Metadata } from "next";
import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { cache } from "react";
import { countOf } from "@/components/format";
import { arena } from "@/lib/arena/arena";
import { readPublished } from "@/lib/leaderboard/read-published";
import { paths } from "@/lib/paths";
import type { PublishedBoard } from "@/lib/protocol/board-view";
import { log } from "@/lib/telemetry/log";
import { Go } from "../../_components/board-states";
import { CopyLine } from "../../_components/copy-line";
import { LocalTime } from "../../_components/local-time";
import { nameOf } from "../../_components/published-list";
import { PublishedTable } from "../../_components/published-table";
import { StylePanel } from "../../_components/style-panel";

export const dynamic = "force-dynamic";

type PublishedPageProps = { params: Promise<{ id: string }> };

/** Once a request: the title and the page ask for the same. */
const find = cache((id: string) => readPublished(id));

export async function generateMetadata({ params }: PublishedPageProps): Promise<Metadata> {
  const board = await find((await params).id);
  return board ? { title: `${board.title} · Leaderboard` } : {};
}

export default async function PublishedPage({ params }: PublishedPageProps) {
  const board = await find((await params).id);
  if (board === undefined) notFound();
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <p className="text-sm text-ink-soft">
        <Go to={paths.leaderboard}>Leaderboard</Go> · published board
      </p>
      <h1 className="mt-2 font-display text-2xl tracking-tight [overflow-wrap:anywhere]">
        {board.title}
      </h1>
      <p className="mt-4 mb-8 max-w-[68ch] text-ink-soft">
        {nameOf(board.key)}. Frozen on <LocalTime at={board.createdAt} /> with{" "}
        {countOf(board.voteCount, "vote")}: it does not change any more, whatever is voted or taken
        out later. The <Go to={paths.leaderboard}>live board</Go> does.
      </p>
      <PublishedTable
        title={board.title}
        rows={board.rows}
        preliminaryVotesMax={await readPreliminaryVotesMax()}
      />
      <StylePanel coefficients={board.coefficients} />
      <Reproduce board={board} origin={await readOrigin()} />
    </main>
  );
}

/** By today's rules: the file of a board says how many votes each model had, and no more. */
async function readPreliminaryVotesMax(): Promise<number | null> {
  try {
    return (await arena().rules.get()).ratings.preliminaryVotesMax;
  } catch (error) {
    log.warn({ err: error }, "a published board is shown without its marks");
    return null;
  }
}

/** Where this page was asked for, which is where anyone finds the votes. */
async function readOrigin(): Promise<string> {
  const given = await headers();
  const host = given.get("x-forwarded-host") ?? given.get("host") ?? "localhost";
  const scheme = given.get("x-forwarded-proto") ?? "http";
  return `${scheme.split(",")[0]?.trim()}://${host.split(",")[0]?.trim()}`;
}

const SYSTEMS = { bt: "Bradley–Terry", elo: "online Elo" } as const;

function Reproduce({ board, origin }: { board: PublishedBoard; origin: string }) {
  const { options } = board;
  const facts: readonly (readonly [name: string, value: string])[] = [
    ["Votes, SHA-256", board.snapshotHash],
    ["Board, SHA-256", board.boardHash],
    ["Code version", board.codeVersion],
    [
      "Computed by",
      [
        `${SYSTEMS[options.system]}, preset ${options.preset}`,
        options.styleControl ? "style control" : "",
        options.bootstrap > 0 ? `${options.bootstrap} resamples, seed ${options.seed}` : "",
        options.anchor ? `${options.anchor.model} fixed at ${options.anchor.rating}` : "",
      ]
        .filter(Boolean)
        .join(", "),
    ],
  ];
  return (
    <section aria-labelledby="reproduce" className="mt-16">
      <h2 id="reproduce" className="font-display text-xl">
        How to reproduce it
      </h2>
      <p className="mt-3 mb-4 max-w-[68ch] text-ink-soft">
        This reads the votes, checks their hash and computes the board anew; with the same code it
        gives the same bytes.
      </p>
      <CopyLine text={`npx parley leaderboard reproduce ${board.id} --base-url ${origin}`} />
      <dl className="mt-6 grid gap-x-8 gap-y-2 text-sm sm:grid-cols-[10rem_1fr]">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-soft">{name}</dt>
            <dd className="font-mono [overflow-wrap:anywhere]">{value}</dd>
          </div>
        ))}
      </dl>
      <h3 className="mt-8 mb-2 font-medium">Downloads</h3>
      <ul className="flex flex-wrap gap-x-6">
        <File href={`${paths.api.publishedFile(board.id)}?format=csv`}>Board as CSV</File>
        <File href={`${paths.api.publishedFile(board.id)}?format=json`}>Board as JSON</File>
        <File href={paths.api.publishedVotes(board.id)}>
          Its {countOf(board.snapshotVotes, "vote")} as JSONL
        </File>
      </ul>
      <p className="mt-2 max-w-[68ch] text-sm text-ink-soft">
        The votes hold no text and no identity: two models, an outcome, a day, a language,
        categories and numbers about both answers.
      </p>
    </section>
  );
}

function File({ href, children }: { href: string; children: React.ReactNode }) {
  return (
    <li>
      <a
        href={href}
        download
        className="inline-flex min-h-8 items-center text-accent underline underline-offset-4 pointer-coarse:min-h-11"
      >
        {children}
      </a>
    </li>
  );
}
