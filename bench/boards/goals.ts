import type { Goal } from "../gateway/goals";

/** Milliseconds, by what was waited for. */
export type BoardPageFigures = {
  /** Medians of the time to the first byte, with few and with many votes. */
  page: { few: number; many: number };
  api: { few: number; many: number };
  /** From a vote's row until the stored overall board holds it: at rest, and while all other boards are computed. */
  live: number;
  liveBusy: number;
};

/** What noise makes of two medians of the same work on a machine that others use. */
const RATIO_MAX = 1.5;
/** The board begins a second after the last one at the earliest; half a second is for it. */
const LIVE_MS_MAX = 1_500;
/** Beside them it shares the cores. */
const LIVE_BUSY_MS_MAX = 3_000;

export function judgeBoardPage({ page, api, live, liveBusy }: BoardPageFigures): Goal[] {
  return [
    atMostTimes("/leaderboard, first byte, many to few", page),
    atMostTimes("GET /api/leaderboard, first byte, many to few", api),
    atMost("overall board holds a vote after", live, LIVE_MS_MAX),
    atMost("… while all other boards are computed", liveBusy, LIVE_BUSY_MS_MAX),
  ];
}

function atMostTimes(text: string, { few, many }: { few: number; many: number }): Goal {
  const ratio = many / few;
  return {
    ...{ text, measured: `${ratio.toFixed(2)}×`, wanted: `≤ ${RATIO_MAX}×` },
    isMet: ratio <= RATIO_MAX,
  };
}

function atMost(text: string, ms: number, most: number): Goal {
  return { text, measured: `${ms.toFixed(0)} ms`, wanted: `≤ ${most} ms`, isMet: ms <= most };
}
