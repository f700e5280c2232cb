import { isAppError } from "@/lib/errors";
import { LOG_DROPS, type LogDrop, type ReadReport } from "@/lib/vote-files/read-report";
import { CLI_EXIT_CODES, CliError } from "./cli-error";
import { plainLine } from "./text-table";

/** Files of votes, as commands open them and speak of them. */

/** Of `--votes` and of import, with what `-` is. */
export const VOTE_FILE_HELP =
  "JSON lines, a JSON array, CSV or a FastChat log, also as gzip; - is the standard input";

export function toVotePath(word: string): string {
  return word === "-" ? "/dev/stdin" : word;
}

/** What went wrong with a file, as an end of the command. Anything else is thrown as it is. */
export function toFileError(error: unknown, file: string): unknown {
  const name = plainLine(file);
  if (isAppError(error) && error.code === "invalid-request") {
    return new CliError({
      message: `${name}: ${error.message}`,
      remedy: "",
      exitCode: CLI_EXIT_CODES.nothing,
      cause: error,
    });
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const why = FILE_ERRORS[code];
  if (why === undefined) return error;
  return new CliError({
    message: `${name} ${why}.`,
    remedy: "Name a file of votes.",
    exitCode: CLI_EXIT_CODES.badUse,
    cause: error,
  });
}

const FILE_ERRORS: Record<string, string> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist",
  EISDIR: "is a folder",
  EACCES: "may not be read by this user",
  EPERM: "may not be read by this user",
};

const DROP_WORDS: Record<LogDrop, string> = {
  invalid: "without two models or a prompt, or with names that contradict each other",
  none_msg: "with an empty message",
  leaked_identity: "in which a message names a model or who made it",
  error: "on an answer that is an error",
  unfinished: "on an answer that was not finished",
};

/** What was left out of a file and why, a sentence each; none where all was taken. */
export function reportLines(report: ReadReport): string[] {
  const lines = report.bad.map(({ line, row, reason }) => {
    const place = report.format === "json-array" ? `line ${line} (vote ${row})` : `line ${line}`;
    return plainLine(`${place} ${reason}`);
  });
  const untold = report.badCount - report.bad.length;
  if (untold > 0) lines.push(`… and ${untold} more.`);
  const count = (votes: number, what: string) => {
    if (votes > 0) lines.push(`${votes} ${votes === 1 ? "row" : "rows"} ${what}.`);
  };
  count(report.badCount, "skipped that cannot be read");
  count(report.otherKinds, "of the log are no votes");
  for (const why of LOG_DROPS)
    count(report.dropped.get(why) ?? 0, `dropped ${DROP_WORDS[why]} (${why})`);
  count(report.estimatedCount, "without counts of tokens: four bytes of text were taken for one");
  return lines;
}

/** An option that contradicts another, or names what is not there. */
export function badUse(message: string, remedy: string): CliError {
  return new CliError({ message, remedy, exitCode: CLI_EXIT_CODES.badUse });
}

/** What a computation says against what it was asked for. */
export function toBadUse(error: unknown): unknown {
  if (!(isAppError(error) && error.code === "invalid-request")) return error;
  return badUse(error.message, "See --help.");
}
