import { basename } from "node:path";
import type { Command } from "commander";
import { purposeKey } from "@/lib/auth/signed-value";
import type { Database } from "@/lib/db/client";
import { BoardEngine } from "@/lib/leaderboard/board-engine";
import { type ImportOutcome, importVotes } from "@/lib/leaderboard/import-votes";
import { Leaderboard } from "@/lib/leaderboard/leaderboard";
import { STATEMENT_TIMEOUT_MS } from "@/lib/limits";
import { endBadUse } from "../../cli-error";
import { withDatabase } from "../../open-database";
import { getCookieSecret } from "../../running";
import type { Terminal } from "../../terminal";
import { plainLine } from "../../text-table";
import { badUse, reportLines, toFileError, VOTE_FILE_HELP } from "../../vote-file";

type Flags = { dryRun?: true; source?: string; json?: true };

const HELP = `
Votes on anonymous models are taken and count as those that were cast here; models that are unknown are created.
Each vote has an id of its content: importing a file again changes nothing, and one that broke off goes on.
Who voted is hashed with the secret of this installation. What a file does not say is assumed: a vote without
pair_probability was drawn as likely as any other, one without tstamp was cast today.

Examples:
  npx parley leaderboard import votes.jsonl --dry-run
  npx parley leaderboard import clean_battle.json --source "Chatbot Arena, July 2024"
  npx parley leaderboard import 2024-05-01-conv.json

Exit codes: 0 imported (or nothing new), 1 the file holds nothing to take, 2 the command was used wrongly.
`;

export function addLeaderboardImport(leaderboard: Command, terminal: Terminal): void {
  endBadUse(leaderboard.command("import <file>"))
    .description(`Take the votes of a file: ${VOTE_FILE_HELP.split(";")[0]}.`)
    .option("--dry-run", "look, and write nothing")
    .option("--source <words>", "where the votes come from; the file's name unless told")
    .option("--json", "one JSON object")
    .addHelpText("after", HELP)
    .action(async (file: string, flags: Flags) => {
      if (file === "-") {
        throw badUse("A file that is imported is read twice.", "Name a file; - is read once only.");
      }
      const key = purposeKey("imported-voter", getCookieSecret(terminal.root));
      const options = {
        ...{ key, source: flags.source ?? basename(file), isDry: flags.dryRun },
        onProgress: progressTeller(terminal),
      };
      const outcome = await withDatabase(terminal.root, async (db) => {
        const imported = await take(db, file, options);
        if (imported.added > 0 && !flags.dryRun) {
          // The boards follow; those beside the overall one, and the days before today, by jobs of the running platform.
          await computeBoards(db, imported.earliest).catch((error: unknown) => {
            // Whatever keeps them: the votes are there, and that is what the command is for.
            const cause = error instanceof Error ? (error.cause ?? error) : error;
            const why = plainLine(cause instanceof Error ? cause.message : String(cause));
            terminal.writeError(
              `The votes are in; the boards are not computed yet (${why}). The running platform does that within minutes.\n`,
            );
          });
        }
        return imported;
      });
      for (const line of reportLines(outcome.report)) terminal.writeError(`${line}\n`);
      terminal.write(flags.json ? toJson(outcome, flags) : toText(outcome, flags));
    });
}

async function computeBoards(db: Database, earliest: Date): Promise<void> {
  // A process that computes the same board holds its lock, for minutes where there are millions of votes.
  const computer = new BoardEngine(db, { lockMsMax: STATEMENT_TIMEOUT_MS });
  const leaderboard = new Leaderboard({ db, computer });
  await leaderboard.recomputePast(earliest);
  await leaderboard.recompute();
}

async function take(db: Database, file: string, options: Parameters<typeof importVotes>[2]) {
  try {
    return await importVotes(db, file, options);
  } catch (error) {
    throw toFileError(error, file);
  }
}

/** A line for each tenth. */
function progressTeller(terminal: Terminal): (done: number, total: number) => void {
  let told = 0;
  return (done, total) => {
    const tenth = Math.floor((10 * done) / Math.max(1, total));
    if (tenth === told || done === total) return;
    told = tenth;
    terminal.writeError(`${done} of ${total} votes\n`);
  };
}

function toJson({ report, earliest: _, ...outcome }: ImportOutcome, { dryRun }: Flags): string {
  const { named, badCount, droppedCount, otherKinds } = report;
  const skipped = { malformed: badCount, named, dropped: droppedCount, otherKinds };
  return `${JSON.stringify({ isDryRun: dryRun === true, ...outcome, skipped })}\n`;
}

function toText({ votes, added, known, modelsAdded, report }: ImportOutcome, flags: Flags): string {
  const verb = flags.dryRun ? "would be added" : "added";
  const lines = [`${added} of ${votes} votes ${verb}, ${known} were there already.`];
  if (report.named > 0) lines.push(`Left out, since names were shown before: ${report.named}.`);
  if (modelsAdded.length > 0) {
    const names = modelsAdded.slice(0, 10).map(plainLine).join(", ");
    const more = modelsAdded.length > 10 ? ` and ${modelsAdded.length - 10} more` : "";
    lines.push(`New models: ${names}${more}.`);
  }
  return `${lines.join("\n")}\n`;
}
