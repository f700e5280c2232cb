import type { Goal } from "../gateway/goals";

/** Medians of the rounds. */
export type PassthroughRow = {
  title: string;
  /** A direct read of the same stream, milliseconds, 1 client: to the first piece of text, and to the end. */
  direct: { first: Spread; whole: Spread; chunksPerSecond: number };
  /** What the worker makes of it longer. */
  added: { first: Spread; whole: Spread };
  /** The same of the first piece where nothing follows it for a while, as a model says it. */
  alone: Spread;
  /** The same by a worker's first requests; of one round. */
  young: Spread;
  chunksPerSecond: number;
  /** Microseconds of the processor: both ends of the direct read together, and the worker; where the system tells. */
  cpuUsAChunk: { direct: number | undefined; own: number | undefined };
  whole: number;
  broken: number;
  fault: string | undefined;
};
export type Spread = { p50: number; p99: number };

/**
 * Providers need 200 ms and more for their first word, and one percent of that is below what differs between two
 * requests to them.
 */
const FIRST_P50_MS_MAX = 2;
const FIRST_P99_MS_MAX = 10;
/**
 * The limit is the direct read: bytes that are ready written to a socket, and bytes counted at the other end. A worker
 * reads by Node's fetch and writes by Node's server, which take twice as long as that; and it has to know what a
 * piece says: what it is, whether it is whole, how many tokens, whether it ends the answer. That may take as much
 * again. The processor's time is compared and not chunks a second, since others' work on the machine takes less part
 * in it.
 */
const WIRE_TIMES_MAX = 4;
/** Behind the SDK a piece goes through its parser, its schema and four streams of the platform's besides. */
const SDK_TIMES_MAX = 8;

export function judgePassthrough(rows: readonly PassthroughRow[]): Goal[] {
  return [
    ...rows.flatMap(({ title, added, alone, cpuUsAChunk: { direct, own } }): Goal[] => {
      const most = title.startsWith("external") ? SDK_TIMES_MAX : WIRE_TIMES_MAX;
      const times = direct && own && own / direct;
      return [
        atMost(`${title}: added to the first piece, p50`, added.first.p50, FIRST_P50_MS_MAX),
        atMost(`${title}: added to the first piece, p99`, added.first.p99, FIRST_P99_MS_MAX),
        atMost(`${title}: the same where nothing follows it yet`, alone.p50, FIRST_P50_MS_MAX),
        {
          text: `${title}: processor's time a chunk, of a direct read's`,
          measured: times === undefined ? "?" : `${times.toFixed(2)}×`,
          wanted: `≤ ${most}×`,
          isMet: times === undefined ? undefined : times <= most,
        },
      ];
    }),
    wholeGoal(rows),
  ];
}

function wholeGoal(rows: readonly PassthroughRow[]): Goal {
  const whole = rows.reduce((sum, row) => sum + row.whole, 0);
  const broken = rows.reduce((sum, row) => sum + row.broken, 0);
  return {
    ...{ text: "answers that are whole", measured: `${whole}, ${broken} broken` },
    ...{ wanted: "all", isMet: broken === 0 && whole > 0 },
  };
}

function atMost(text: string, ms: number, most: number): Goal {
  return { text, measured: `${ms.toFixed(2)} ms`, wanted: `≤ ${most} ms`, isMet: ms <= most };
}
