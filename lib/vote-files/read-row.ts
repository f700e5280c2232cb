import { isLogRow, toLogVote } from "./fastchat-log";
import type { ReadReport } from "./read-report";
import { type RowWants, toVoteRow, type VoteRow } from "./vote-row";

/**
 * The vote of a record: of a `clean_battle` file, of our export, of a table, or a row of a FastChat log.
 *
 * @returns undefined where the row of a log is no vote, or one that is not taken; the report counts it.
 * @throws BadRow
 */
export function readRow(record: unknown, report: ReadReport, wants: RowWants): VoteRow | undefined {
  if (!isLogRow(record)) return toVoteRow(record, wants);
  const vote = toLogVote(record);
  if (vote === "other-kind") report.otherKinds += 1;
  else if (typeof vote === "string") report.drop(vote);
  else return toVoteRow(vote, wants);
  return undefined;
}
