import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Command } from "commander";
import {
  type PublicVotes,
  type PublicVotesOptions,
  withPublicVotes,
} from "@/lib/leaderboard/public-votes";
import { toVoteLine } from "@/lib/vote-files/vote-line";
import { CLI_EXIT_CODES, CliError, endBadUse } from "../../cli-error";
import { withDatabase } from "../../open-database";
import type { Terminal } from "../../terminal";

const HELP = `
One vote a line, in the names of FastChat's clean_battle files, with the probability of the draw and the
categories: models, outcome, day, language, turn, and how long and marked up the answers were. No voter, no
text, no hour. The same votes give the same bytes. Votes that do not count are not in it, and neither are those
on models that only battles draw.

The file is the operator's own: today's votes are in it, and each prompt's language, of which one person may be
known who writes in it alone. --public writes what everybody may download and what may be given away: the votes
of days that have ended (UTC), without languages in which fewer than five people voted on that day.

Examples:
  npx parley leaderboard export votes.jsonl
  npx parley leaderboard export votes.jsonl.gz
  npx parley leaderboard export votes.jsonl --public
  npx parley leaderboard export - | head

Exit codes: 0 written, 1 not (no file is left), 2 the file cannot be written there.
`;

export function addLeaderboardExport(leaderboard: Command, terminal: Terminal): void {
  endBadUse(leaderboard.command("export <file>"))
    .description("Write all counted votes to a file; - is the standard output, .gz is compressed.")
    .option("--public", "what everybody may download: no votes of today, no rare languages")
    .option("--json", "what was written, as one JSON object")
    .addHelpText("after", HELP)
    .action(async (file: string, flags: { public?: true; json?: true }) => {
      const { json } = flags;
      const which: PublicVotesOptions = flags.public
        ? { until: "ended" }
        : { until: "now", isExact: true };
      const count = await withDatabase(terminal.root, (db) =>
        withPublicVotes(db, which, (votes) => write(file, votes, terminal)),
      );
      const said = json
        ? JSON.stringify({ file, votes: count })
        : `${count} votes written to ${file}.`;
      // The votes themselves may be what goes to the standard output.
      if (file === "-") terminal.writeError(`${said}\n`);
      else terminal.write(`${said}\n`);
    });
}

async function write(file: string, votes: PublicVotes, terminal: Terminal): Promise<number> {
  let count = 0;
  const toLines = async function* () {
    for await (const batch of votes.batches) {
      count += batch.length;
      yield batch.map(toVoteLine).join("");
    }
  };
  if (file === "-") {
    for await (const lines of toLines()) {
      terminal.write(lines);
      await terminal.drain?.();
    }
    return count;
  }
  // A file of this name is whole: one that breaks off never gets it.
  const unfinished = `${file}.${process.pid}.part`;
  const out = createWriteStream(unfinished, { flags: "wx" });
  try {
    const lines = Readable.from(toLines());
    if (file.endsWith(".gz")) await pipeline(lines, createGzip(), out);
    else await pipeline(lines, out);
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw toWriteError(error, file);
  }
  return count;
}

function toWriteError(error: unknown, file: string): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const why: Record<string, string> = {
    ENOENT: "its folder does not exist",
    ENOTDIR: "its folder does not exist",
    EISDIR: "it is a folder",
    EACCES: "this user may not write there",
    EPERM: "this user may not write there",
    EROFS: "nobody may write there",
    ENOSPC: "the disk is full",
    EDQUOT: "the disk is full",
  };
  if (why[code] === undefined) return error;
  return new CliError({
    message: `${file} cannot be written: ${why[code]}.`,
    remedy: "Name another file.",
    exitCode: CLI_EXIT_CODES.badUse,
    cause: error,
  });
}
