import Link from "next/link";
import { boardLabel } from "@/components/board/board-labels";
import { formatDate } from "@/components/format";
import { paths } from "@/lib/paths";
import { parseBoardKey } from "@/lib/protocol/board-key";
import type { BoardChoices } from "@/lib/protocol/board-view";

export type PublishedListProps = { published: BoardChoices["published"] };

/** Boards that do not change any more. */
export function PublishedList({ published }: PublishedListProps) {
  if (published.length === 0) return null;
  return (
    <section aria-labelledby="published" className="mt-16">
      <h2 id="published" className="scroll-mt-20 font-display text-xl">
        Published boards
      </h2>
      <p className="mt-3 mb-4 max-w-[68ch] text-ink-soft">
        Frozen with the votes that they were computed from, so that anyone can compute them again.
      </p>
      <ul className="divide-y divide-line border-y border-line">
        {published.map(({ id, title, key, createdAt }) => (
          <li key={id} className="flex flex-wrap items-baseline gap-x-6 gap-y-1 py-3">
            <Link
              href={paths.publishedBoard(id)}
              prefetch={false}
              className="min-w-0 flex-1 basis-60 text-accent underline underline-offset-4"
            >
              {title}
            </Link>
            <span className="text-sm text-ink-soft">{nameOf(key)}</span>
            <time
              dateTime={createdAt}
              suppressHydrationWarning
              className="numeric text-sm text-ink-soft"
            >
              {formatDate(new Date(createdAt))}
            </time>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function nameOf(key: string): string {
  const parsed = parseBoardKey(key);
  return parsed ? boardLabel(parsed) : key;
}
