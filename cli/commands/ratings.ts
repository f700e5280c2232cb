import { type Command, InvalidArgumentError, Option } from "commander";
import { rate } from "@/lib/rating/rate";
import type { RatedBoard } from "@/lib/rating/rated-board";
import {
  INTERVAL_KINDS,
  type IntervalKind,
  RATING_DEFAULTS,
  RATING_PRESETS,
  RATING_SYSTEMS,
  type RatingOptions,
  type RatingPreset,
  type RatingSystem,
} from "@/lib/rating/rating-options";
import { BOOTSTRAP_ROUNDS_MAX } from "@/lib/vote-file-limits";
import { languageCode } from "@/lib/vote-files/language-names";
import type { ReadReport } from "@/lib/vote-files/read-report";
import { readVotes } from "@/lib/vote-files/read-votes";
import {
  isInOrder,
  selectVotes,
  VOTE_CATEGORIES,
  type VoteCategory,
  type VoteFilter,
  wantedBy,
} from "@/lib/vote-files/select-votes";
import type { VoteTable } from "@/lib/vote-files/vote-table";
import { CLI_EXIT_CODES, CliError, endBadUse } from "../cli-error";
import { boardJson, boardTable, statusNotes, widthNotes } from "../ratings-text";
import type { Terminal } from "../terminal";
import { plainLine } from "../text-table";
import {
  badUse,
  reportLines,
  toBadUse,
  toFileError,
  toVotePath,
  VOTE_FILE_HELP,
} from "../vote-file";

type Flags = {
  votes: string;
  preset: RatingPreset;
  system: RatingSystem;
  styleControl?: true;
  position?: true;
  bootstrap: number;
  intervals: IntervalKind;
  seed: number;
  anchor?: { model: string; rating: number };
  excludeTies?: true;
  excludeModels?: string[];
  anonymousOnly?: true;
  byTime?: true;
  dailyVotesPerUser?: number;
  langs?: string[];
  category: VoteCategory;
  minVotes: number;
  json?: true;
};

const AFTER_HELP = `
Examples:
  $ npx parley ratings --votes votes.jsonl
  $ npx parley ratings --votes clean_battle.json --preset fastchat --anchor mixtral-8x7b-instruct-v0.1=1114
  $ npx parley ratings --votes votes.csv --style-control --category coding --json
  $ cat logs/*-conv.json | npx parley ratings --votes - --langs en,de

Rows that are no votes are told on the error stream and skipped. Every vote of the file counts, also where
names were shown (anony is false): FastChat's own analysis is that with --anonymous-only.
Exit codes: 0 a board was written; 1 the votes leave nothing to rate; 2 the command was used wrongly.
`;

/** Rates the votes of a file. Needs no database. */
export function addRatingsCommand(program: Command, terminal: Terminal): void {
  endBadUse(program.command("ratings"))
    .description("Rate the models of a file of votes, and print the board.")
    .requiredOption("--votes <file>", VOTE_FILE_HELP)
    .addOption(
      new Option("--preset <name>", "which published estimator: its weights, features and penalty")
        .choices(RATING_PRESETS)
        .default(RATING_DEFAULTS.preset),
    )
    .addOption(
      new Option("--system <name>", "Bradley–Terry, or online Elo in the order of the file")
        .choices(RATING_SYSTEMS)
        .default(RATING_DEFAULTS.system),
    )
    .option("--style-control", "take out what length, headers, lists and bold do to votes")
    .option("--position", "take out what standing first does to votes")
    .option("--bootstrap <count>", "intervals from so many resamples; 0: sandwich", toRounds, 0)
    .addOption(
      new Option(
        "--intervals <kind>",
        "without resamples: sandwich, or few-votes, which is wider where pairs have few and is what boards show",
      )
        .choices(INTERVAL_KINDS)
        .default("sandwich"),
    )
    .option("--seed <number>", "of the resamples", toSeed, RATING_DEFAULTS.seed)
    .option("--anchor <model=rating>", "fix one model at a rating; else the mean is 1000", toAnchor)
    .option("--exclude-ties", "leave out both kinds of tie")
    .option("--exclude-models <names...>", "leave out all votes on these", addNames)
    .option(
      "--by-time",
      "online Elo earliest first, as elo_analysis.py does, whatever the file's order",
    )
    .option("--anonymous-only", "leave out votes on models whose names were shown")
    .option("--daily-votes-per-user <count>", "the first so many a user and day (UTC)", toPositive)
    .option("--langs <languages...>", "of these languages only: en,de or English German", addNames)
    .addOption(
      new Option("--category <name>", "votes of one category only")
        .choices([...VOTE_CATEGORIES])
        .default("full"),
    )
    .option("--min-votes <count>", "no rating for models with fewer", toCount, 0)
    .option("--json", "one JSON object")
    .addHelpText("after", AFTER_HELP)
    .action(async (flags: Flags) => {
      const note = (line: string) => terminal.writeError(`${line}\n`);
      const { table, report } = await read(flags);
      for (const line of [...reportLines(report), ...fileNotes(flags, { table, report })])
        note(line);
      const votes = selectVotes(table, toFilter(flags));
      checkCategory(flags, table, report);
      const options = toOptions(flags);
      const unknown = (flags.excludeModels ?? []).filter((it) => !table.votes.models.includes(it));
      if (unknown.length > 0) note(plainLine(`Not in the file: ${unknown.join(", ")}.`));
      if (votes.count === 0) {
        throw new CliError({
          message: `No vote is left to rate: of ${report.rows} rows ${report.votes} are votes, and none of them is what the flags ask for.`,
          remedy: "Ask for less with --langs, --category or the exclusions.",
          exitCode: CLI_EXIT_CODES.nothing,
        });
      }
      const board = rated(votes, options);
      for (const line of [...statusNotes(board, options.votesMin), ...widthNotes(board, options)])
        note(line);
      if (board.leftOut > 0) note(`${board.leftOut} votes without counts of style were left out.`);
      terminal.write(
        flags.json ? boardJson(board, { options, voteCount: votes.count }) : boardTable(board),
      );
      checkRated(board);
    });
}

async function read(flags: Flags) {
  if (flags.byTime && flags.system !== "elo") {
    throw badUse("--by-time is about online Elo alone.", "Add --system elo, or leave it out.");
  }
  try {
    const filter = toFilter(flags);
    const wanted = {
      ...wantedBy(filter),
      ...{ style: flags.styleControl, named: !flags.anonymousOnly },
      ...(flags.system === "elo" && { time: true }),
    };
    return await readVotes(toVotePath(flags.votes), wanted);
  } catch (error) {
    throw toFileError(error, flags.votes);
  }
}

function toFilter(flags: Flags): VoteFilter {
  const languages = flags.langs?.flatMap((word) => languageCode(word) ?? "");
  return {
    category: flags.category,
    languages,
    excludedModels: flags.excludeModels,
    excludesTies: flags.excludeTies,
    dailyVotesPerVoter: flags.dailyVotesPerUser,
    isByTime: flags.byTime,
  };
}

function toOptions(flags: Flags): RatingOptions {
  const { system, preset, bootstrap, intervals, seed, anchor } = flags;
  return {
    ...{ system, preset, bootstrap, intervals, seed, anchor },
    styleControl: flags.styleControl === true,
    position: flags.position === true,
    votesMin: flags.minVotes,
  };
}

/** What to know of a file that is in order. */
function fileNotes(flags: Flags, { table, report }: Awaited<ReturnType<typeof read>>): string[] {
  const notes: string[] = [];
  if (report.named > 0) notes.push(namedNote(report, flags.anonymousOnly === true));
  if (flags.system === "elo" && !flags.byTime && !isInOrder(table)) {
    notes.push(
      "The file is not in the order of its moments; --by-time rates the earliest vote first.",
    );
  }
  return notes;
}

function namedNote({ named }: ReadReport, isLeftOut: boolean): string {
  const which = `${named} ${named === 1 ? "vote is" : "votes are"} on models whose names were shown (anony is false)`;
  return isLeftOut
    ? `${which} and left out.`
    : `${which}; they count, and --anonymous-only leaves them out.`;
}

/** The board of those models that a vote is on. */
function rated(votes: Parameters<typeof rate>[0], options: RatingOptions): RatedBoard {
  try {
    const board = rate(votes, options);
    return { ...board, entries: board.entries.filter((it) => it.votes > 0) };
  } catch (error) {
    throw toBadUse(error);
  }
}

/** A filter that nothing in the file speaks of leaves nothing, which is no answer. */
function checkCategory(flags: Flags, { votes, length, voter }: VoteTable, report: ReadReport) {
  const fail = (message: string, remedy: string) => {
    throw new CliError({ message, remedy, exitCode: CLI_EXIT_CODES.nothing });
  };
  if (votes.count === 0) return;
  const { category } = flags;
  if (report.uncategorizedCount === report.votes && category !== "multi-turn") {
    fail(
      `No vote of the file says which categories it is in, and none has conversations to tell "${category}" from.`,
      "Leave --category out, or name a file with either.",
    );
  }
  if (length?.every(Number.isNaN)) {
    fail("No vote of the file has counts of tokens.", "Leave --category long out.");
  }
  if (voter?.names.every((name) => name === "")) {
    fail("No vote of the file says who voted (judge).", "Leave --daily-votes-per-user out.");
  }
}

function checkRated({ entries }: RatedBoard): void {
  if (entries.some((it) => it.status === "rated")) return;
  throw new CliError({
    message:
      "No model can be rated: no two of them are connected by wins in both directions, or by ties.",
    remedy: "More votes, or fewer exclusions, may connect them.",
    exitCode: CLI_EXIT_CODES.nothing,
  });
}

function addNames(words: string, before: string[] | undefined): string[] {
  const names = words.split(",").map((it) => it.trim());
  if (names.some((it) => it === ""))
    throw new InvalidArgumentError("Write names with commas between.");
  return [...(before ?? []), ...names];
}

function toAnchor(word: string): { model: string; rating: number } {
  const at = word.lastIndexOf("=");
  const rating = Number(word.slice(at + 1));
  if (at > 0 && word.slice(at + 1).trim() !== "" && Number.isFinite(rating)) {
    return { model: word.slice(0, at), rating };
  }
  throw new InvalidArgumentError("Write a model and its rating, such as some-model=1114.");
}

function toCount(word: string): number {
  const count = /^\d{1,9}$/.test(word) ? Number(word) : -1;
  if (count >= 0) return count;
  throw new InvalidArgumentError("Write a whole number from 0.");
}

function toRounds(word: string): number {
  const rounds = toCount(word);
  if (rounds <= BOOTSTRAP_ROUNDS_MAX) return rounds;
  throw new InvalidArgumentError(`Write a number up to ${BOOTSTRAP_ROUNDS_MAX}.`);
}

function toPositive(word: string): number {
  const count = toCount(word);
  if (count > 0) return count;
  throw new InvalidArgumentError("Write a whole number from 1.");
}

function toSeed(word: string): number {
  const seed = toCount(word);
  if (seed < 2 ** 32) return seed;
  throw new InvalidArgumentError("Write a whole number below 4294967296.");
}
