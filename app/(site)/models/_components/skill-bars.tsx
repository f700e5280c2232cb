import { formatShare } from "@/components/format";
import type { ModelView } from "@/lib/protocol/arena-view";

type Skills = ModelView["description"]["skills"];

const SHOWN_AT_ONCE = 10;

/** Measured shares of right answers, best first: a small bar and its number. */
export function SkillBars({ skills }: { skills: Skills }) {
  const sorted = [...skills].sort(
    (a, b) => b.share - a.share || a.name.localeCompare(b.name, "en"),
  );
  const rest = sorted.slice(SHOWN_AT_ONCE);
  return (
    <div>
      <h3 className="text-sm font-medium">Right answers, by skill</h3>
      <SkillList skills={sorted.slice(0, SHOWN_AT_ONCE)} />
      {rest.length > 0 && (
        <details className="group">
          <summary className="mt-2 inline-flex min-h-9 list-none items-center rounded-sm text-sm text-ink-soft underline-offset-4 hover:text-ink hover:underline pointer-coarse:min-h-11">
            <span className="group-open:hidden">{rest.length} more, down to the weakest</span>
            <span className="hidden group-open:inline">Fewer</span>
          </summary>
          <SkillList skills={rest} />
        </details>
      )}
    </div>
  );
}

function SkillList({ skills }: { skills: Skills }) {
  return (
    <ul className="mt-3 grid gap-x-10 sm:grid-cols-2">
      {skills.map(({ name, share }) => (
        <li key={name} className="grid grid-cols-[11rem_1fr_3rem] items-center gap-3 py-1 text-sm">
          <span className="text-ink-soft wrap-anywhere">{name}</span>
          <span className="h-1 rounded-full bg-line" aria-hidden="true">
            <span
              className="block h-full rounded-full bg-ink"
              style={{ width: `${Math.round(share * 100)}%` }}
            />
          </span>
          <span className="numeric text-right">{formatShare(share)}</span>
        </li>
      ))}
    </ul>
  );
}
