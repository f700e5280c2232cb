import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Platform, startPlatform } from "@/e2e/platform";
import { connect } from "@/lib/db/connect";
import { paths } from "@/lib/paths";
import { toCount } from "../flag-values";
import type { Goal } from "../gateway/goals";
import { percentile } from "../load";
import { describeMachine, type Machine, machineLines } from "../machine";
import { readCpuMs } from "../process-cpu";
import { openSession } from "../served";
import { formatTable } from "../text-table";
import { judgeBoardPage } from "./goals";
import { HEAVY_VOTER, seedModels, seedVotes } from "./seed-votes";

export const BOARD_PAGE_OPTIONS = {
  few: { type: "string", default: "10000" },
  many: { type: "string", default: "1000000" },
  requests: { type: "string", default: "100" },
  check: { type: "boolean", default: false },
  json: { type: "boolean" },
} as const;

type Flags = { few: string; many: string; requests: string };

/** Milliseconds to the first byte. */
type Spread = { p50Ms: number; p99Ms: number };

export type BoardFigures = {
  votes: number;
  page: Spread;
  api: Spread;
  /** With the tag of the last answer: what an open page asks every few seconds. */
  unchanged: Spread;
  /** From a vote's row until the stored overall board holds it: while all others are computed, and at rest. */
  liveBusyMs: number;
  liveMs: number;
  /** All boards computed once, by the clock, and what the web process worked meanwhile, all its threads together. */
  passMs: number;
  passCpuMs: number | undefined;
  boards: number;
  /** The longest that a request for something else took meanwhile. */
  stallMs: number;
  /** A visitor with a hundredth of all votes is excluded: until the keeper has their answer, and the board is issued. */
  excludeMs: number;
  /** Of the web process with all votes in memory. */
  residentMiB: number | undefined;
};
export type BoardPageReport = {
  bench: "board-page";
  machine: Machine;
  few: BoardFigures;
  many: BoardFigures;
  /** Of the times to the first byte, many to few votes. */
  pageRatio: number;
  apiRatio: number;
  goals: Goal[];
};

const BOARD_MS_MAX = 900_000;

/**
 * What a reader of the leaderboard waits for while it holds few and many votes, and how soon it follows a vote. The
 * votes are made by the database; the platform is the built one.
 */
export async function runBoardPageBench(flags: Flags): Promise<BoardPageReport> {
  const few = toCount("few", flags.few, 100_000_000);
  const many = toCount("many", flags.many, 100_000_000);
  const requests = toCount("requests", flags.requests, 10_000);
  const machine = describeMachine();
  for (const line of machineLines(machine)) console.log(line);
  const models = mkdtempSync(join(tmpdir(), "parley-bench-"));
  const platform = await startPlatform({ PARLEY_MODELS: models });
  try {
    const bench = new Bench(platform, requests);
    const withFew = await bench.measure(0, few);
    const withMany = await bench.measure(few, many);
    await bench.close();
    const figures = {
      page: { few: withFew.page.p50Ms, many: withMany.page.p50Ms },
      api: { few: withFew.api.p50Ms, many: withMany.api.p50Ms },
      ...{ live: withMany.liveMs, liveBusy: withMany.liveBusyMs },
    };
    const report: BoardPageReport = {
      ...{ bench: "board-page", machine, few: withFew, many: withMany },
      pageRatio: figures.page.many / figures.page.few,
      apiRatio: figures.api.many / figures.api.few,
      goals: judgeBoardPage(figures),
    };
    for (const line of describe(report)) console.log(line);
    return report;
  } finally {
    await platform.stop();
    rmSync(models, { recursive: true, force: true });
  }
}

class Bench {
  readonly #platform: Platform;
  readonly #requests: number;
  readonly #sql: ReturnType<typeof connect>;
  /** Votes of this benchmark beside those of the series. */
  #extra = 0;

  constructor(platform: Platform, requests: number) {
    this.#platform = platform;
    this.#requests = requests;
    const options = { connectionsMax: 2, statementTimeoutMs: 0 };
    this.#sql = connect(platform.databaseUrl, options);
  }

  close(): Promise<void> {
    return this.#sql.end();
  }

  async measure(before: number, votes: number): Promise<BoardFigures> {
    await this.#timed(`${votes - before} votes made`, async () => {
      await seedModels(this.#sql);
      await seedVotes(this.#sql, before + 1, votes);
      await this.#sql`analyze ballots`;
    });
    const since = await this.#now();
    await this.#announce();
    await this.#timed("read, and on the overall board", () => this.#untilLive(votes + this.#extra));
    const pass = await this.#watchPass(votes, since);
    const page = await this.#firstBytes(paths.leaderboard);
    const api = await this.#firstBytes(paths.api.leaderboard);
    const unchanged = await this.#firstBytes(paths.api.leaderboard, await this.#tag());
    const stall = this.#watchStalls();
    const liveMs = await this.#voteOnce(votes);
    const stallMs = Math.max(await stall(), pass.stallMs);
    const excludeMs = await this.#exclude();
    const residentMiB = readResidentMiB(this.#web());
    return { votes, page, api, unchanged, ...pass, liveMs, stallMs, excludeMs, residentMiB };
  }

  #web(): number {
    return this.#platform.children().web ?? 0;
  }

  /** The first computation of all boards that begins after this moment, with a vote in the middle of it. */
  async #watchPass(votes: number, since: string) {
    const stall = this.#watchStalls();
    await this.#until(async () => (await this.#findPass(since)) !== undefined);
    const cpuMs = readCpuMs(this.#web());
    const liveBusyMs = await this.#voteOnce(votes);
    const isStill = (await this.#findPass(since))?.state === "running";
    if (!isStill) console.log("  (all boards were computed before the board held that vote)");
    await this.#until(async () => (await this.#findPass(since))?.state === "done", 20);
    const cpuAfterMs = readCpuMs(this.#web());
    const done = await this.#findPass(since);
    const passCpuMs =
      cpuMs === undefined || cpuAfterMs === undefined ? undefined : cpuAfterMs - cpuMs;
    const { ms: passMs = 0, boards = 0 } = done ?? {};
    console.log(`  ${boards} boards computed: ${(passMs / 1_000).toFixed(1)} s`);
    return { liveBusyMs, passMs, passCpuMs, boards, stallMs: await stall() };
  }

  async #findPass(since: string) {
    const [row] = await this.#sql<{ state: string; boards: number; ms: number }[]>`
      select state, boards_total as boards, (extract(epoch from ended_at - started_at) * 1000)::float8 as ms
      from board_runs where keys is null and started_at >= ${since}::timestamptz
      order by started_at limit 1`;
    return row;
  }

  /** Milliseconds from one more vote's row until the overall board holds it. */
  async #voteOnce(votes: number): Promise<number> {
    this.#extra += 1;
    await seedVotes(this.#sql, -this.#extra, -this.#extra);
    const startedMs = performance.now();
    await this.#announce();
    await this.#untilLive(votes + this.#extra);
    return performance.now() - startedMs;
  }

  async #timed(what: string, work: () => Promise<void>): Promise<void> {
    const startedMs = performance.now();
    await work();
    console.log(`  ${what}: ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
  }

  async #now(): Promise<string> {
    const [row] = await this.#sql<{ at: string }[]>`select now()::text as at`;
    return row?.at ?? "";
  }

  /** The platform's own votes are announced by their request. */
  async #announce(): Promise<void> {
    await this.#sql`select pg_notify('parley_changes', 'arena')`;
  }

  async #untilLive(votes: number): Promise<void> {
    await this.#until(async () => {
      const [row] = await this.#sql`select vote_count from boards where key = 'overall@all'`;
      return Number(row?.vote_count ?? 0) >= votes;
    });
  }

  async #until(check: () => Promise<boolean>, pauseMs = 5): Promise<void> {
    const endMs = performance.now() + BOARD_MS_MAX;
    while (!(await check())) {
      if (performance.now() > endMs) throw new Error("The boards did not follow in time.");
      await delay(pauseMs);
    }
  }

  async #tag(): Promise<string> {
    const reply = await fetch(this.#platform.url + paths.api.leaderboard);
    await reply.arrayBuffer();
    return reply.headers.get("etag") ?? "";
  }

  async #firstBytes(path: string, tag?: string): Promise<Spread> {
    const times: number[] = [];
    const headers: Record<string, string> = tag === undefined ? {} : { "if-none-match": tag };
    // The first few compile the page.
    for (let count = -5; count < this.#requests; count++) {
      const startedMs = performance.now();
      const reply = await fetch(this.#platform.url + path, { headers });
      const tookMs = performance.now() - startedMs;
      if (!reply.ok && reply.status !== 304) throw new Error(`${path} answered ${reply.status}`);
      await reply.arrayBuffer();
      if (count >= 0) times.push(tookMs);
    }
    return { p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99) };
  }

  /** Asks for something small all the time. */
  #watchStalls(): () => Promise<number> {
    let mostMs = 0;
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        const startedMs = performance.now();
        await (await fetch(this.#platform.url + paths.healthz)).arrayBuffer();
        mostMs = Math.max(mostMs, performance.now() - startedMs);
        await delay(5);
      }
    })();
    return async () => {
      isOver = true;
      await asking;
      return mostMs;
    };
  }

  async #exclude(): Promise<number> {
    const { url, adminToken } = this.#platform;
    const cookie = await openSession(url, adminToken);
    const headers = { cookie, "content-type": "application/json", origin: new URL(url).origin };
    const change = async (isExcluded: boolean) => {
      const startedMs = performance.now();
      const reply = await fetch(url + paths.api.adminVisitor(HEAVY_VOTER), {
        ...{ method: "PUT", headers, body: JSON.stringify({ isExcluded }) },
      });
      if (!reply.ok) throw new Error(`The exclusion was refused: ${await reply.text()}`);
      return performance.now() - startedMs;
    };
    const tookMs = await change(true);
    await change(false);
    return tookMs;
  }
}

/** Undefined where the system does not tell. */
function readResidentMiB(pid: number): number | undefined {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kibibytes === undefined ? undefined : Math.round(Number(kibibytes) / 1_024);
  } catch {
    return undefined;
  }
}

function describe({ few, many, pageRatio, apiRatio, goals }: BoardPageReport): string[] {
  const ms = (value: number | undefined) => value?.toFixed(value < 10 ? 1 : 0) ?? "";
  const row = (name: string, of: (it: BoardFigures) => string, ratio = "") => [
    ...[name, of(few), of(many), ratio],
  ];
  const head = ["milliseconds", `${few.votes} votes`, `${many.votes} votes`, "ratio"];
  const table = formatTable(head, [
    row("/leaderboard, first byte, median", (it) => ms(it.page.p50Ms), pageRatio.toFixed(2)),
    row("/leaderboard, first byte, p99", (it) => ms(it.page.p99Ms)),
    row("GET /api/leaderboard, median", (it) => ms(it.api.p50Ms), apiRatio.toFixed(2)),
    row("GET /api/leaderboard, p99", (it) => ms(it.api.p99Ms)),
    row("GET /api/leaderboard, unchanged (304)", (it) => ms(it.unchanged.p50Ms)),
    row("overall board holds a vote after", (it) => ms(it.liveMs)),
    row("… while all others are computed", (it) => ms(it.liveBusyMs)),
    row("all boards once", (it) => `${ms(it.passMs)} (${it.boards})`),
    row("… work of the web process meanwhile", (it) => ms(it.passCpuMs)),
    row("longest request meanwhile", (it) => ms(it.stallMs)),
    row("a visitor with 1 % of votes excluded in", (it) => ms(it.excludeMs)),
    row("web process, MiB", (it) => String(it.residentMiB ?? "")),
  ]);
  const judged = goals.map(({ text, measured, wanted, isMet }) => [
    ...[text, measured, wanted, isMet === undefined ? "open" : isMet ? "met" : "missed"],
  ]);
  return ["", ...table, "", ...formatTable(["goal", "measured", "wanted", ""], judged, 4)];
}
