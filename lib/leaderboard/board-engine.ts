import { createHash } from "node:crypto";
import { announce } from "@/lib/db/change-feed";
import type { Database } from "@/lib/db/client";
import { BOARD_LANGUAGES_MAX, BOARD_VOTES_IDLE_MS } from "@/lib/job-limits";
import type { ArenaSettings } from "@/lib/protocol/arena-settings";
import {
  BOARD_PERIODS,
  type BoardKey,
  boardKeyText,
  CATEGORIES,
  isStanding,
  OVERALL,
  parseBoardKey,
} from "@/lib/protocol/board-key";
import { toHiddenModels } from "@/lib/rules/hidden-models";
import { readRules } from "@/lib/rules/rules";
import { assert } from "@/lib/util/assert";
import {
  forgetBoards,
  lockBoard,
  readLonelyDays,
  readModelIds,
  readTold,
  type StoredBoard,
  writeBoard,
  writeBoardDays,
  writePastDay,
} from "./board-store";
import { type BoardFit, type FitTask, fitBoard } from "./fit-board";
import { toFrozenKey } from "./frozen-key";
import { toLiveOptions } from "./live-options";
import { LiveVotes } from "./live-votes";
import { toPastSpans } from "./past-days";
import type { VoteFilter, VoteTable } from "./vote-table";

/** What computed a board beside its options; another one makes every stored board out of date. */
const METHOD_VERSION = 3;
const DAY_MS = 86_400_000;
/** Days since 1970 are 16 bits. */
const LAST_DAY = 65_535;

export type ComputedBoard = {
  /** What is stored differs from what was. */
  isChanged: boolean;
  voteCount: number;
};

/** What computes boards: in this process or, where others wait for the process, in a thread. */
export interface BoardComputer {
  /** Brings the stored board of this key up to date. */
  compute(key: string, signal?: AbortSignal): Promise<ComputedBoard>;
  /** Keys of all boards that always stand, the overall ones first; boards that are kept no longer are forgotten. */
  listKeys(signal?: AbortSignal): Promise<string[]>;
  /**
   * Computes where models of this key stood at the end of a past day whose votes were moved in later: of the days
   * before `before` (since 1970; undefined: today) the last that has votes and of which nothing was written. What
   * was written on the day itself stays.
   *
   * @returns the day; undefined where there is none left.
   */
  computePast(key: string, before?: number, signal?: AbortSignal): Promise<number | undefined>;
}

/** Who fits boards that may wait; in this thread where there is none. */
export interface BoardFitter {
  /** @param task its columns are the fitter's from here on. */
  fit(task: FitTask, signal?: AbortSignal): Promise<BoardFit>;
}

export type BoardEngineOptions = {
  fitter?: BoardFitter;
  /** For another computation of the same board; as long as one may take unless given. */
  lockMsMax?: number;
};

/** What follows each vote. Its numbers take a tenth of a second, and it waits for nobody else's. */
const LIVE = boardKeyText(OVERALL);

/**
 * Makes boards of counted ballots, which it keeps in memory and follows. Any number of these may work on one
 * database: each board is computed under a lock, of what is there once that is held.
 */
export class BoardEngine implements BoardComputer {
  readonly #db: Database;
  readonly #fitter: BoardFitter | undefined;
  readonly #lockMsMax: number | undefined;
  #votes = new LiveVotes();
  /** Readings come one after the other. */
  #reading: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor(db: Database, { fitter, lockMsMax }: BoardEngineOptions = {}) {
    this.#db = db;
    this.#fitter = fitter;
    this.#lockMsMax = lockMsMax;
  }

  async compute(keyText: string, signal?: AbortSignal): Promise<ComputedBoard> {
    const key = parseBoardKey(keyText);
    assert(key !== undefined, "a board has a key");
    return this.#db.transaction(async (transaction) => {
      const { fingerprint: before, today } = await lockBoard(transaction, keyText, this.#lockMsMax);
      const rules = await readRules(transaction);
      const table = await this.#refresh(transaction, { rules, signal });
      signal?.throwIfAborted();
      const filter = { ...toFilter(key, today), ...(await toExcept(transaction, key)) };
      // From here until they are picked nothing is awaited: the columns hold until the next change.
      const { fingerprint: votesPrint, count: voteCount } = table.fingerprint(filter);
      const options = toLiveOptions(rules.ratings, key);
      const fingerprint = createHash("sha256")
        .update(JSON.stringify([METHOD_VERSION, options, votesPrint]))
        .digest("hex");
      if (fingerprint === before) return { isChanged: false, voteCount };
      const fitter = keyText === LIVE ? undefined : this.#fitter;
      const isCopied = fitter !== undefined;
      const votes = table.pick(filter, { isStyled: options.styleControl, isCopied });
      const task = { votes, options };
      const fitted = fitter === undefined ? fitBoard(task) : await fitter.fit(task, signal);
      const method = `bradley-terry/${options.preset}`;
      const board = toStored(fitted, { key: keyText, method, fingerprint, voteCount });
      await writeBoard(transaction, board);
      if (key.period === "all") {
        await writeBoardDays(transaction, keyText, board.body.entries);
      }
      await announce(transaction, "boards");
      return { isChanged: true, voteCount };
    });
  }

  async computePast(
    keyText: string,
    before?: number,
    signal?: AbortSignal,
  ): Promise<number | undefined> {
    const key = parseBoardKey(keyText);
    assert(key?.period === "all", "only boards of all times have a past");
    return this.#db.transaction(async (transaction) => {
      const { today } = await lockBoard(transaction, `past ${keyText}`);
      const told = await readTold(transaction, keyText);
      const rules = await readRules(transaction);
      const table = await this.#refresh(transaction, { rules, signal });
      signal?.throwIfAborted();
      // From here until they are picked nothing is awaited: the columns hold until the next change.
      const { category, language } = key;
      const span = toPastSpans(today)
        .filter(({ to }) => to < (before ?? today))
        .find(({ from, to }) => {
          const range = { category, language, fromDay: from, toDay: to };
          return !told.some((day) => day >= from && day <= to) && table.hasVotes(range);
        });
      if (span === undefined) return undefined;
      const filter = { category, language, fromDay: 0, toDay: span.to };
      const options = toLiveOptions(rules.ratings, key);
      const votes = table.pick(filter, { isStyled: options.styleControl, isCopied: true });
      const task = { votes, options };
      const { board } = this.#fitter ? await this.#fitter.fit(task, signal) : fitBoard(task);
      const entries = board.entries.map(({ model, ...entry }) => ({ modelId: model, ...entry }));
      await writePastDay(transaction, { key: keyText, day: span.to, entries });
      return span.to;
    });
  }

  async listKeys(signal?: AbortSignal): Promise<string[]> {
    return this.#db.transaction(async (transaction) => {
      const rules = await readRules(transaction);
      const { ratings } = rules;
      const table = await this.#refresh(transaction, { rules, signal });
      const counts = table.countLanguages({ fromDay: 0, toDay: LAST_DAY });
      const languages = [...counts]
        .filter(([, votes]) => votes >= ratings.languageVotesMin)
        .sort(([one, ones], [other, others]) => others - ones || (one < other ? -1 : 1))
        .slice(0, BOARD_LANGUAGES_MAX)
        .map(([language]) => language);
      const standing = toStandingKeys(languages);
      await forgetBoards(transaction, standing);
      return standing;
    });
  }

  /** Votes go out of memory when none of them were asked for in a while. */
  #touch(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.#votes = new LiveVotes();
    }, BOARD_VOTES_IDLE_MS);
    this.#idle.unref();
  }

  /** @returns the votes on models that everybody is told of, as they are now. */
  async #refresh(
    transaction: Database,
    { rules, signal }: { rules: ArenaSettings; signal: AbortSignal | undefined },
  ): Promise<VoteTable> {
    this.#touch();
    const hidden = await readModelIds(transaction, toHiddenModels(rules));
    const reading = this.#reading
      .catch(() => undefined)
      .then(async () => {
        // Operators make a model private or public now and then; all votes are read again then.
        if (!this.#votes.isWithout(hidden)) this.#votes = new LiveVotes(hidden);
        const votes = this.#votes;
        await votes.refresh(transaction, signal);
        return votes.table;
      });
    this.#reading = reading;
    return reading;
  }
}

/** In the order in which they are computed: what most people look at first. */
function toStandingKeys(languages: readonly string[]): string[] {
  const columns: Pick<BoardKey, "category" | "language">[] = [
    ...CATEGORIES.map((category) => ({ category, language: null })),
    ...languages.map((language) => ({ category: OVERALL.category, language })),
  ];
  const keys = BOARD_PERIODS.flatMap((period) =>
    [false, true].flatMap((style) => columns.map((column) => ({ ...column, style, period }))),
  );
  const isOverall = (key: BoardKey) => key.category === "overall" && key.language === null;
  return [...keys.filter(isOverall), ...keys.filter((key) => !isOverall(key))].map(boardKeyText);
}

/**
 * Boards on request within a language are of any few days that somebody names: days on which hardly anybody voted in
 * it would tell who did. Those that always stand have votes enough in all, and no single days.
 */
async function toExcept(
  transaction: Database,
  key: BoardKey,
): Promise<Pick<VoteFilter, "exceptDays">> {
  if (key.language === null || isStanding(key)) return {};
  return { exceptDays: await readLonelyDays(transaction, key.language) };
}

function toFilter(key: BoardKey, today: number): VoteFilter {
  const { category, language } = key;
  if (key.period === "all") return { category, language, fromDay: 0, toDay: LAST_DAY };
  const { period } = toFrozenKey(key, new Date(today * DAY_MS));
  const [from = "", to = ""] = period.split("..");
  const dayOf = (text: string) =>
    Math.min(LAST_DAY, Math.max(0, Math.floor(Date.parse(`${text}T00:00:00Z`) / DAY_MS)));
  return { category, language, fromDay: dayOf(from), toDay: dayOf(to) };
}

function toStored(
  { board, pairs }: BoardFit,
  head: Pick<StoredBoard, "key" | "method" | "fingerprint" | "voteCount">,
): StoredBoard {
  return {
    ...head,
    body: {
      entries: board.entries
        // Models that only other boards have votes on.
        .filter((entry) => entry.votes > 0)
        .map(({ model, ...entry }) => ({ modelId: model, ...entry })),
      coefficients: board.coefficients,
    },
    pairs,
  };
}
