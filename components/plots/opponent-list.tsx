import Link from "next/link";
import { countOf, formatShare } from "@/components/format";
import { paths } from "@/lib/paths";
import { type Opponent, type OpponentOrder, sortOpponents } from "./to-opponents";

export type OpponentListProps = {
  opponents: readonly Opponent[];
  order?: OpponentOrder;
  countMax?: number;
};

/** Opponents with the share of decided votes that the model won against each, and a mark where ratings expect it. */
export function OpponentList({ opponents, order = "votes", countMax = 10 }: OpponentListProps) {
  const shown = sortOpponents(opponents, order).slice(0, countMax);
  if (shown.length === 0) {
    return <p className="text-sm text-ink-soft">No counted vote against another model yet.</p>;
  }
  return (
    <ul className="numeric text-sm">
      {shown.map((it) => (
        <li
          key={it.model}
          className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 border-b border-line py-2 last:border-b-0"
        >
          <Link
            href={paths.model(it.slug)}
            prefetch={false}
            className="min-w-0 font-mono break-words hover:underline hover:underline-offset-4"
          >
            {it.model}
          </Link>
          <span className="text-right">{it.share === null ? "tied" : formatShare(it.share)}</span>
          <div className="col-span-2 mt-1 flex items-center gap-x-4">
            <Bar share={it.share} expected={it.expected} />
            <span className="w-44 shrink-0 text-right text-xs text-ink-soft">
              {it.expected === null ? "" : `${formatShare(it.expected)} expected, `}
              {countOf(it.votes, "vote")}
            </span>
          </div>
        </li>
      ))}
    </ul>
  );
}

/** Numbers beside it say the same. */
function Bar({ share, expected }: Pick<Opponent, "share" | "expected">) {
  const from = Math.min(0.5, share ?? 0.5);
  return (
    <span aria-hidden="true" className="relative block h-2 min-w-0 flex-1 rounded-sm bg-sunken">
      <span
        className={`absolute inset-y-0 rounded-sm ${(share ?? 0.5) < 0.5 ? "bg-b" : "bg-a"}`}
        style={{ left: `${from * 100}%`, width: `${Math.abs((share ?? 0.5) - 0.5) * 100}%` }}
      />
      <span className="absolute -inset-y-0.5 left-1/2 w-px bg-line-strong" />
      {expected !== null && (
        <span
          className="absolute -inset-y-1 w-0.5 -translate-x-1/2 bg-ink"
          style={{ left: `${expected * 100}%` }}
        />
      )}
    </span>
  );
}
