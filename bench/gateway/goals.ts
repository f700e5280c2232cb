/** What was measured, as medians of the rounds; undefined where the peer or the system was not there. */
export type GatewayFigures = {
  /** Added to the way without the gateway, milliseconds, one client. */
  addedMs: { parley: Spread; portkey: Spread | undefined };
  /** Whole answers a second, 32 clients. */
  requests: { parley: number; portkey: number | undefined };
  /** Tokens a second, 128 streams. */
  frames: { parley: number; light: number; isWhole: boolean };
  hold: {
    streams: number;
    parley: { held: number; broken: number; kibAStream: number | undefined };
    portkey: { held: number; broken: number; kibAStream: number | undefined } | undefined;
  };
  /** The most that the web process has had since it began. */
  peakMib: number | undefined;
};

export type Spread = { p50: number; p99: number };

export type Goal = {
  text: string;
  measured: string;
  wanted: string;
  /** Undefined where it cannot be said. */
  isMet: boolean | undefined;
};

const ADDED_MS_MAX = 0.5;
const PEAK_MIB_MAX = 350;

export function judgeGateway(figures: GatewayFigures): Goal[] {
  const { addedMs, requests, frames, hold, peakMib } = figures;
  return [
    {
      text: "added latency, 1 client, p50",
      measured: ms(addedMs.parley.p50),
      wanted: `≤ ${ADDED_MS_MAX} ms`,
      isMet: addedMs.parley.p50 <= ADDED_MS_MAX,
    },
    {
      text: "added latency, 1 client, p99",
      measured: `${ms(addedMs.parley.p99)}; Portkey ${ms(addedMs.portkey?.p99)}`,
      wanted: "≤ 1/3 of Portkey's",
      isMet: addedMs.portkey && addedMs.parley.p99 <= addedMs.portkey.p99 / 3,
    },
    ratioGoal("answers a second, 32 clients", [requests.parley, requests.portkey], 3),
    {
      text: "frames a second, 128 streams",
      measured: `${share(frames.parley / frames.light)} of the light worker's${frames.isWhole ? "" : "; not all whole"}`,
      wanted: "≥ 60 %, all whole",
      isMet: frames.isWhole && frames.parley / frames.light >= 0.6,
    },
    {
      text: "slow streams held at once",
      measured: `${hold.parley.held}, ${hold.parley.broken} dropped`,
      wanted: `${hold.streams}, 0 dropped`,
      isMet: hold.parley.held === hold.streams && hold.parley.broken === 0,
    },
    {
      text: "memory a held stream",
      measured: `${kib(hold.parley.kibAStream)}; Portkey ${kib(hold.portkey?.kibAStream)}`,
      wanted: "≤ Portkey's",
      isMet: isAtMost(hold.parley.kibAStream, hold.portkey?.kibAStream),
    },
    {
      text: "memory of the web process at most",
      measured: peakMib === undefined ? "?" : `${peakMib.toFixed(0)} MiB`,
      wanted: `≤ ${PEAK_MIB_MAX} MiB`,
      isMet: isAtMost(peakMib, PEAK_MIB_MAX),
    },
  ];
}

function ratioGoal(
  text: string,
  [ours, theirs]: readonly [number, number | undefined],
  wanted: number,
): Goal {
  const ratio = theirs === undefined ? undefined : ours / theirs;
  return {
    text,
    measured: ratio === undefined ? "?" : `${ratio.toFixed(2)}× Portkey's`,
    wanted: `≥ ${wanted}×`,
    isMet: ratio === undefined ? undefined : ratio >= wanted,
  };
}

function isAtMost(value: number | undefined, most: number | undefined): boolean | undefined {
  return value === undefined || most === undefined ? undefined : value <= most;
}

const ms = (value: number | undefined) => (value === undefined ? "?" : `${value.toFixed(3)} ms`);
const kib = (value: number | undefined) => (value === undefined ? "?" : `${value.toFixed(1)} KiB`);
const share = (value: number) => `${(value * 100).toFixed(0)} %`;
