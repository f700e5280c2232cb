import { formatCount } from "@/components/format";
import type { UsageReport } from "@/lib/protocol/usage-view";

/** Usage in words and numbers for people. */

const OWNERS: Record<string, string> = {
  environment: "The key of the environment",
  anonymous: "Without a key",
  visitors: "Visitors of the pages",
  mirror: "Mirrored requests",
  parent: "The Parley above this one",
};

type Owned = Pick<UsageReport["keys"][number], "owner" | "keyName" | "keyPrefix">;

export function ownerWords({ owner, keyName, keyPrefix }: Owned): string {
  if (keyName !== null) return `${keyName} (${keyPrefix}…)`;
  return OWNERS[owner] ?? `A key that is gone (${owner.slice(4, 12)}…)`;
}

const OUTCOMES: Record<string, string> = {
  running: "Under way",
  complete: "Complete",
  cancelled: "Reader left",
  lost: "Lost with its process",
  "quota-exceeded": "Budget used up",
  "rate-limited": "Limit a minute passed",
};

/** Codes of errors stay as they are: they are what a log is searched for. */
export function outcomeWords(outcome: string): string {
  return OUTCOMES[outcome] ?? outcome;
}

/** Of few cents as many digits as say something: $0, $0.0012, $3.40, $1 234.50. */
export function formatDollars(nanoDollars: number): string {
  const dollars = nanoDollars / 1e9;
  if (dollars === 0) return "$0";
  if (dollars < 0.01) return `$${Number(dollars.toPrecision(2)).toFixed(9).replace(/0+$/, "")}`;
  const [whole = "0", cents = "00"] = dollars.toFixed(2).split(".");
  return `$${formatCount(Number(whole))}.${cents}`;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** `2026-11-21` → 21 Nov. */
export function formatDay(day: string): string {
  const [, month = "1", date = "1"] = day.split("-");
  return `${Number(date)} ${MONTHS[Number(month) - 1]}`;
}
