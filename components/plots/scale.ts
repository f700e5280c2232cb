/**
 * Scales of plots: from values to pixels, with the ticks that an axis prints. Linear, logarithmic and by
 * days in UTC: all that the plots need of what a charting library brings (docs/decisions/0047).
 */

export type Tick = { value: number; label: string };
export type Scale = {
  /** Pixels of a value; beyond the domain it goes on in a straight line. */
  at: (value: number) => number;
  ticks: readonly Tick[];
  domain: readonly [least: number, most: number];
};

export type ScaleOptions = {
  /** Least and most of the values; they may be equal. */
  domain: readonly [least: number, most: number];
  /** Pixels of both ends; the first is the greater one where values go upwards. */
  range: readonly [from: number, to: number];
  tickCountMax: number;
  format: (value: number) => string;
};

const MANTISSAS = [1, 2, 5, 10];
/** Of the range, at each end: a mark on the very edge is half a mark. */
const MARGIN = 0.03;
const DAY_MS = 86_400_000;

/** The least step of the form 1, 2 or 5 times a power of ten that cuts `span` into at most `countMax` pieces. */
export function niceStep(span: number, countMax: number): number {
  const rough = span / Math.max(1, countMax);
  const power = 10 ** Math.floor(Math.log10(rough));
  const mantissa = MANTISSAS.find((it) => it * power >= rough * (1 - 1e-9)) ?? 10;
  return mantissa * power;
}

/** With a little room at both ends; ticks stand on round values between them. */
export function linearScale({ domain, range, tickCountMax, format }: ScaleOptions): Scale {
  const [least, most] = widen(domain);
  const step = niceStep(most - least, tickCountMax - 1);
  const margin = (most - least) * MARGIN;
  const ends = [least - margin, most + margin] as const;
  const first = Math.ceil(ends[0] / step - 1e-9);
  const last = Math.floor(ends[1] / step + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => {
    // Without the dust that a sum of steps such as 0.1 gathers.
    const value = Number(((first + index) * step).toPrecision(12));
    return { value, label: format(value) };
  });
  return { at: straight(ends, range), ticks, domain: ends };
}

/** Values have to be greater than 0. Ticks are 1, 2 and 5 of each decade, or decades alone where those are many. */
export function logScale({ domain, range, tickCountMax, format }: ScaleOptions): Scale {
  const [low, high] = [Math.log10(domain[0]), Math.log10(domain[1])];
  const margin = Math.max((high - low) * 0.06, 0.1);
  const ends = [low - margin, high + margin] as const;
  const at = straight(ends, range);
  const decades = Array.from(
    { length: Math.ceil(ends[1]) - Math.floor(ends[0]) + 1 },
    (_, index) => Math.floor(ends[0]) + index,
  );
  const isInside = (value: number) => Math.log10(value) >= ends[0] && Math.log10(value) <= ends[1];
  const choices = [
    decades.flatMap((it) => [1, 2, 5].map((mantissa) => mantissa * 10 ** it)),
    decades.flatMap((it) => [1, 3].map((mantissa) => mantissa * 10 ** it)),
    ...[1, 2, 3, 6].map((every) => decades.filter((it) => it % every === 0).map((it) => 10 ** it)),
  ].map((values) => values.map((it) => Number(it.toPrecision(12))).filter(isInside));
  const values = choices.find((it) => it.length <= tickCountMax) ?? [];
  return {
    at: (value) => at(Math.log10(value)),
    ticks: values.map((value) => ({ value, label: format(value) })),
    domain: [10 ** ends[0], 10 ** ends[1]],
  };
}

const SHORT_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Days as milliseconds of their midnights in UTC. Ticks stand on days, on first days of months or of years. */
export function dayScale({ domain, range, tickCountMax }: Omit<ScaleOptions, "format">): Scale {
  const isSingle = domain[0] === domain[1];
  const [from, to] = isSingle ? [domain[0] - DAY_MS, domain[1] + DAY_MS] : domain;
  const choices = [
    ...[1, 2, 7, 14].map((days) => () => everyDays(from, to, days)),
    ...[1, 2, 3, 6].map((months) => () => everyMonths(from, to, months)),
    ...[12, 24, 60, 120].map((months) => () => everyMonths(from, to, months)),
  ];
  // Each is counted before it is made: a span of years has thousands of days.
  const spans = [1, 2, 7, 14, 28, 59, 89, 181, 365, 730, 1_826, 3_652];
  const at = spans.findIndex((days) => (to - from) / DAY_MS / days <= tickCountMax - 1);
  // Of a single day neither the one before nor the one after is known.
  const ticks = isSingle ? everyDays(domain[0], domain[0], 1) : (choices[at]?.() ?? []);
  return { at: straight([from, to], range), ticks, domain: [from, to] };
}

function everyDays(from: number, to: number, days: number): Tick[] {
  const ticks: Tick[] = [];
  // Counted back from the end: the newest day is the one that readers look for.
  for (let value = to; value >= from; value -= days * DAY_MS) {
    ticks.unshift({ value, label: formatDay(value) });
  }
  return ticks;
}

function everyMonths(from: number, to: number, months: number): Tick[] {
  const start = new Date(from);
  const ticks: Tick[] = [];
  const first = start.getUTCFullYear() * 12 + start.getUTCMonth();
  for (let month = Math.ceil(first / months) * months; ; month += months) {
    const value = Date.UTC(Math.floor(month / 12), month % 12);
    if (value > to) return ticks;
    if (value < from) continue;
    const year = Math.floor(month / 12);
    ticks.push({ value, label: months >= 12 ? `${year}` : `${SHORT_MONTHS[month % 12]} ${year}` });
  }
}

/** 21 Nov, in UTC. */
export function formatDay(ms: number): string {
  const date = new Date(ms);
  return `${date.getUTCDate()} ${SHORT_MONTHS[date.getUTCMonth()]}`;
}

/** 21 Nov 2026, in UTC. */
export function formatFullDay(ms: number): string {
  return `${formatDay(ms)} ${new Date(ms).getUTCFullYear()}`;
}

/** A day as YYYY-MM-DD in words. */
export function toFullDay(day: string): string {
  return formatFullDay(toDayMs(day));
}

/** The midnight in UTC with which a day as YYYY-MM-DD begins. */
export function toDayMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

/** A domain of one value has no width to divide by. */
function widen([least, most]: readonly [number, number]): readonly [number, number] {
  if (most > least) return [least, most];
  const by = Math.max(Math.abs(least) * 0.05, 1e-6);
  return [least - by, least + by];
}

function straight(domain: readonly [number, number], range: readonly [number, number]) {
  const slope = (range[1] - range[0]) / (domain[1] - domain[0]);
  // A hundredth of a pixel is finer than any screen, and a file of such numbers is half as long.
  return (value: number) => Math.round((range[0] + (value - domain[0]) * slope) * 100) / 100;
}
