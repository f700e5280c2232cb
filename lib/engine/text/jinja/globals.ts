import { Arguments } from "./arguments";
import { type Callable, Fields, isMapping, toItems, toText } from "./values";

/** As Jinja's sandbox has it: a template cannot ask for more at once. */
const RANGE_ITEMS_MAX = 100_000;

/** What every template may name. */
export const GLOBALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...([true, false, null].flatMap((value) => {
    const name = value === null ? "none" : String(value);
    return [name, name.charAt(0).toUpperCase() + name.slice(1)].map((it) => [it, value]);
  }) as [string, unknown][]), // Pairs, as they are made a line above.
  ["range", toCallable((given) => listRange(given))],
  ["namespace", toCallable((given) => new Fields(toEntries(given)))],
  ["dict", toCallable((given) => new Map(toEntries(given)))],
  ["joiner", toCallable((given) => createJoiner(given.textOr(", ", 0, "sep")))],
  ["strftime_now", toCallable((given) => formatTime(new Date(), given.text(0)))],
  [
    "raise_exception",
    toCallable((given) => {
      throw new Error(toText(given.any(0)));
    }),
  ],
]);

function toCallable(call: (given: Arguments) => unknown): Callable {
  return (args, kwargs) => call(new Arguments(args, kwargs));
}

function* toEntries(given: Arguments): Generator<[string, unknown]> {
  const first = given.any(0);
  const pairs = isMapping(first) ? [...first] : toItems(first);
  for (const pair of pairs) {
    const [key, value] = toItems(pair);
    yield [toText(key), value];
  }
  yield* given.named;
}

function listRange(given: Arguments): number[] {
  const first = given.integerOr(0, 0);
  const [start, stop] = given.any(1) === undefined ? [0, first] : [first, given.integerOr(0, 1)];
  const step = given.integerOr(1, 2);
  if (step === 0) throw new Error("range cannot go in steps of 0");
  const count = Math.max(Math.ceil((stop - start) / step), 0);
  if (count > RANGE_ITEMS_MAX) throw new Error(`range is to have ${count} items`);
  return Array.from({ length: count }, (_, at) => start + at * step);
}

/** Nothing at first, and the separator from then on. */
function createJoiner(separator: string): Callable {
  let isFirst = true;
  return () => {
    const text = isFirst ? "" : separator;
    isFirst = false;
    return text;
  };
}

const MONTHS = [
  ...["January", "February", "March", "April", "May", "June", "July", "August", "September"],
  ...["October", "November", "December"],
];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MS_A_DAY = 86_400_000;

/** Python's `strftime` in English, whatever the machine speaks: a model is told a date as in its training. */
export function formatTime(date: Date, format: string): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const [month, day] = [MONTHS[date.getMonth()] ?? "", DAYS[date.getDay()] ?? ""];
  const hours = date.getHours();
  const dayOfYear = () => {
    const days = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
    return (days - Date.UTC(date.getFullYear(), 0, 0)) / MS_A_DAY;
  };
  const parts: Readonly<Record<string, () => string>> = {
    Y: () => String(date.getFullYear()),
    y: () => two(date.getFullYear() % 100),
    m: () => two(date.getMonth() + 1),
    B: () => month,
    b: () => month.slice(0, 3),
    h: () => month.slice(0, 3),
    d: () => two(date.getDate()),
    e: () => String(date.getDate()).padStart(2, " "),
    j: () => String(dayOfYear()).padStart(3, "0"),
    A: () => day,
    a: () => day.slice(0, 3),
    H: () => two(hours),
    I: () => two(hours % 12 || 12),
    p: () => (hours < 12 ? "AM" : "PM"),
    M: () => two(date.getMinutes()),
    S: () => two(date.getSeconds()),
    F: () => formatTime(date, "%Y-%m-%d"),
    T: () => formatTime(date, "%H:%M:%S"),
    "%": () => "%",
  };
  return format.replaceAll(/%(-?)([A-Za-z%])/g, (found, isBare: string, letter: string) => {
    const written = parts[letter]?.() ?? found;
    return isBare ? written.replace(/^[0 ]+(?=\d)/, "") : written;
  });
}
