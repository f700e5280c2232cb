import type { Command } from "commander";
import { isAppError } from "@/lib/errors";
import { codeVersion } from "@/lib/leaderboard/code-version";
import { withVoteFile } from "@/lib/leaderboard/with-vote-file";
import { StartError } from "@/lib/util/start-error";
import { type BoardFile, parseBoardFile } from "@/lib/vote-files/board-file";
import { compareBoardFiles } from "@/lib/vote-files/compare-board-files";
import { computeBoardFile } from "@/lib/vote-files/compute-board-file";
import { CLI_EXIT_CODES, CliError } from "../../cli-error";
import { withDatabase } from "../../open-database";
import { fromAddress, fromDatabase, fromFiles, type PublishedSource } from "../../published-source";
import type { Terminal } from "../../terminal";
import { plainLine } from "../../text-table";

type Flags = { baseUrl?: string; votes?: string; board?: string; json?: true };

const HELP = `
Takes the published board and the votes that it names, checks their SHA-256, computes the board again and
compares it byte for byte. From the platform's own database, from any installation, or from files.

Examples:
  npx parley leaderboard reproduce 7k2m9qxw
  npx parley leaderboard reproduce 7k2m9qxw --base-url https://parley.example
  npx parley leaderboard reproduce --board board.json --votes votes.jsonl

Exit codes: 0 the same bytes, 1 they differ (or the votes are others), 2 there was nothing to compare.
`;

export function addLeaderboardReproduce(leaderboard: Command, terminal: Terminal): void {
  leaderboard
    .command("reproduce [id]")
    .description("Compute a published board again from its votes, and compare.")
    .option("--base-url <url>", "the installation that published it")
    .option("--board <file>", "the board's file, as downloaded")
    .option("--votes <file>", "its votes, as downloaded")
    .option("--json", "one JSON object")
    .addHelpText("after", HELP)
    .action(async (id: string | undefined, flags: Flags) => {
      const outcome = await withSource({ id, flags, root: terminal.root }, reproduce);
      terminal.write(flags.json ? `${JSON.stringify({ id, ...outcome })}\n` : toText(outcome));
      if (outcome.isSame) return;
      throw new CliError({
        message: "The board differs from the published one.",
        remedy: remedyOf(outcome),
        exitCode: CLI_EXIT_CODES.nothing,
      });
    });
}

function remedyOf({ hasItsVotes, code }: Outcome): string {
  if (!hasItsVotes) return "Take the votes from whoever published it, under the board's own id.";
  return code.isSame
    ? "The votes and the code are those it names: tell whoever published it."
    : plainLine(`Run the code that it names (${code.published}) and compare again.`);
}

type Outcome = {
  isSame: boolean;
  /** The votes are those that the board names. */
  hasItsVotes: boolean;
  key: string;
  votes: BoardFile["votes"];
  code: { published: string; here: string; isSame: boolean };
  /** Sentences. */
  differences: string[];
};

async function reproduce(source: PublishedSource): Promise<Outcome> {
  const text = await source.readBoard();
  const published = parseBoardFile(text);
  const { key, votes, code } = published;
  const here = codeVersion();
  const head = { key, votes, code: { published: code, here, isSame: code === here } };
  try {
    const computed = await withVoteFile(source.readVotes(), votes.sha256, (path) =>
      computeBoardFile(path, published),
    );
    if (computed === text) return { isSame: true, hasItsVotes: true, ...head, differences: [] };
    const differences = compareBoardFiles(published, parseBoardFile(computed));
    const spelling = "the figures are the same, and the file is spelled in another way";
    const told = differences.length > 0 ? differences : [spelling];
    return { isSame: false, hasItsVotes: true, ...head, differences: told };
  } catch (error) {
    // The votes are others than those that the board names, which is an answer.
    if (isAppError(error) && error.code === "conflict") {
      return { isSame: false, hasItsVotes: false, ...head, differences: [error.message] };
    }
    throw error;
  }
}

async function withSource<T>(
  { id, flags, root }: { id: string | undefined; flags: Flags; root: string },
  work: (source: PublishedSource) => Promise<T>,
): Promise<T> {
  const { baseUrl, votes, board } = flags;
  try {
    if (votes !== undefined || board !== undefined) {
      if (votes === undefined || board === undefined || id !== undefined || baseUrl !== undefined) {
        throw badUse("Files are given as --board and --votes, both, without an id or an address.");
      }
      return await work(fromFiles({ votes, board }));
    }
    if (id === undefined) throw badUse("Name the board by its id, or give --board and --votes.");
    if (baseUrl !== undefined) {
      if (!/^https?:\/\//.test(baseUrl) || !URL.canParse(baseUrl)) {
        throw badUse(`--base-url: "${baseUrl}" is no address such as https://parley.example.`);
      }
      return await work(fromAddress(baseUrl, id));
    }
    return await withDatabase(root, (db) => work(fromDatabase(db, id)));
  } catch (error) {
    if (error instanceof CliError) throw error;
    // A platform that does not run, an id that names nothing: no answer, which is not "they differ".
    if (error instanceof StartError) throw badUse(error.line, error);
    if (!isAppError(error) || error.code === "internal") throw error;
    throw badUse(error.message, error);
  }
}

function badUse(message: string, cause?: unknown): CliError {
  const remedy = "`npx parley leaderboard reproduce --help` shows examples.";
  return new CliError({ message, remedy, cause, exitCode: CLI_EXIT_CODES.badUse });
}

function toText({ isSame, key, votes, code, differences }: Outcome): string {
  const lines = [
    `Board: ${key}`,
    `Votes: ${votes.count}, SHA-256 ${votes.sha256}`,
    code.isSame
      ? `Code: ${code.here}`
      : `Code: published by ${code.published}, computed by ${code.here}`,
    isSame ? "The same bytes." : "Not the same:",
    ...differences.map((it) => `  ${it}`),
  ];
  // Names and versions are those of a stranger's file: none may draw a line of ours.
  return `${lines.map(plainLine).join("\n")}\n`;
}
