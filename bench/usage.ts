import { UsageLedger } from "@/lib/usage/ledger";
import { admitted, openedMeter, testCaller, testCatalog } from "@/lib/usage/testing";
import { formatTable } from "./text-table";

const ROUND_COUNT = 7;
const ROUND_MS = 100;
/** Beyond every number that is reached here. */
const PLENTY = 1e12;
const PLENTY_DOLLARS = 1e9;

export type UsageRow = {
  caller: string;
  /** Microseconds of open, begin, admit and close; medians, here and below. */
  requestUs: number;
  /** Of counting one token and holding it against every limit. */
  tokenUs: number;
  /** Of the rate-limit headers. */
  headersUs: number;
};

export type UsageBenchReport = { bench: "usage"; node: string; rows: UsageRow[] };

/** What limits and accounting add to a request and to a token: all of it in memory. */
export function runUsageBench(): UsageBenchReport {
  const rows = [measureCaller("no limits", false), measureCaller("all limits, thrice", true)];
  console.log(`usage: µs, medians of ${ROUND_COUNT}`);
  const cells = rows.map(({ caller, requestUs, tokenUs, headersUs }) => [
    ...[caller, requestUs.toFixed(2), tokenUs.toFixed(3), headersUs.toFixed(2)],
  ]);
  const head = ["caller", "a request", "a token", "its headers"];
  for (const line of formatTable(head, cells, 1)) console.log(line);
  return { bench: "usage", node: process.version, rows };
}

/** With limits: those of the key, of the key at the model and of the model, each of every kind. */
function measureCaller(name: string, isLimited: boolean): UsageRow {
  const tokens = { tokensPerMinute: PLENTY, tokensPerDay: PLENTY, tokensPerMonth: PLENTY };
  const dollars = { dollarsPerDay: PLENTY_DOLLARS, dollarsPerMonth: PLENTY_DOLLARS };
  const requests = { requestsPerMinute: PLENTY, concurrentRequests: PLENTY };
  const limits = isLimited ? { ...tokens, ...dollars, ...requests } : {};
  const ledger = new UsageLedger();
  const catalog = testCatalog({ m: { limits, price: { prompt: 0.15, completion: 0.6 } } });
  ledger.follow(() => catalog);
  const caller = testCaller({ ...limits, ...(isLimited && { models: { m: limits } }) });
  const request = () => {
    const meter = openedMeter(ledger, caller);
    meter.begin();
    meter.admit("m");
    meter.close("complete");
    // As a flush does; otherwise the oldest record is dropped at each end.
    ledger.records.forgetEnded([meter]);
  };
  const running = admitted(ledger, caller);
  return {
    caller: name,
    requestUs: measure(request),
    tokenUs: measure(() => running.add({ completion: 1 })),
    headersUs: measure(() => ledger.headers(running, "openai")),
  };
}

function measure(work: () => unknown): number {
  const round = () => {
    const startedAt = performance.now();
    let count = 0;
    while (performance.now() - startedAt < ROUND_MS) {
      // The clock is read seldom: it takes a share of a microsecond itself.
      for (let again = 0; again < 32; again++) work();
      count += 32;
    }
    return ((performance.now() - startedAt) * 1_000) / count;
  };
  // Once for the compiler.
  round();
  const rounds = Array.from({ length: ROUND_COUNT }, round).sort((a, b) => a - b);
  return rounds[Math.floor(ROUND_COUNT / 2)] ?? Number.NaN;
}
