/** Numbers and times as the pages print them: groups by thin spaces, units after a thin space. */

/** U+202F, a thin space that does not break. */
export const THIN_SPACE = "\u202f";

export function formatCount(value: number): string {
  const [whole = "0"] = Math.abs(Math.round(value)).toString().split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
  return value < 0 && grouped !== "0" ? `\u2212${grouped}` : grouped;
}

export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** 410 048 → "410 k", 2 244 320 → "2.2 M", 7 000 000 000 → "7 B". */
export function formatParameters(count: number): string {
  const [scaled, unit] =
    count >= 1e9 ? [count / 1e9, "B"] : count >= 1e6 ? [count / 1e6, "M"] : [count / 1e3, "k"];
  const digits = scaled < 100 && scaled % 1 >= 0.05 ? scaled.toFixed(1) : scaled.toFixed(0);
  return `${digits.replace(/\.0$/, "")}${THIN_SPACE}${unit}`;
}

export function formatShare(share: number): string {
  return `${Math.round(share * 100)}${THIN_SPACE}%`;
}

export function formatSeconds(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)}${THIN_SPACE}s`;
}

export function formatRate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : formatCount(perSecond);
}

/** "2 s ago"; a clock slightly ahead of ours is "now". */
export function formatAge(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 1) return "now";
  if (seconds < 60) return `${seconds}${THIN_SPACE}s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}${THIN_SPACE}min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}${THIN_SPACE}h ago`;
  return `${Math.floor(seconds / 86_400)}${THIN_SPACE}d ago`;
}

/** As SPDX writes them; model cards often carry them in lower case. */
const LICENCES = [
  ...["Apache-2.0", "MIT", "MPL-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Unlicense"],
  ...["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0"],
  ...["GPL-2.0", "GPL-3.0", "LGPL-2.1", "LGPL-3.0", "AGPL-3.0"],
];

/** "apache-2.0" → "Apache-2.0"; a licence that SPDX does not list stays as its card has it. */
export function formatLicence(licence: string): string {
  const wanted = licence.trim().toLowerCase();
  return LICENCES.find((it) => it.toLowerCase() === wanted) ?? licence;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** 21 Nov 2026, 14:05 in the reader's time zone. */
export function formatDate(date: Date): string {
  const two = (value: number) => value.toString().padStart(2, "0");
  const day = `${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
  return `${day}, ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** 0.15 → "$0.15", 0.075 → "$0.075", 3 → "$3". */
export function formatDollars(price: number): string {
  return `$${price.toFixed(3).replace(/0$/, "").replace(/\.00$/, "")}`;
}

/** {0.15, 0.6} → "$0.15 in, $0.60 out a million tokens"; one that asks nothing is "free". */
export function formatPrice({
  prompt,
  completion,
}: {
  prompt: number;
  completion: number;
}): string {
  if (prompt === 0 && completion === 0) return "free";
  return `${formatDollars(prompt)} in, ${formatDollars(completion)} out a million tokens`;
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** 1 400 000 → "1.4 MB". */
export function formatBytes(bytes: number): string {
  const power = Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1_000 ** power;
  const digits = power === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)}${THIN_SPACE}${BYTE_UNITS[power]}`;
}
