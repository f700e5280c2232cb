import { BAD_ROWS_TOLD_MAX } from "@/lib/vote-file-limits";

export const VOTE_FILE_FORMATS = ["json-lines", "json-array", "csv"] as const;
export type VoteFileFormat = (typeof VOTE_FILE_FORMATS)[number];

/** Where a row stands, both from 1: the line of its beginning, and which record it is. */
export type Place = { line: number; row: number };

/** Why a vote of a raw FastChat log is not taken, in the words of its `clean_battle_data.py`. */
export const LOG_DROPS = ["invalid", "none_msg", "leaked_identity", "error", "unfinished"] as const;
export type LogDrop = (typeof LOG_DROPS)[number];

/** What became of the rows of a file. */
export class ReadReport {
  format: VoteFileFormat = "json-lines";
  /** Records of the file, whatever they are. */
  rows = 0;
  /** Rows taken. */
  votes = 0;
  /** Votes on models whose names were shown before; taken where they are wanted. */
  named = 0;
  /** Of a raw log: rows of other kinds, such as answers and thumbs. */
  otherKinds = 0;
  /** Votes of a raw log that were not taken. */
  readonly dropped = new Map<LogDrop, number>();
  badCount = 0;
  /** The first of them. */
  readonly bad: (Place & { reason: string })[] = [];
  /** Votes whose tokens were estimated from the length of their texts. */
  estimatedCount = 0;
  /** Votes without a mark of their categories, and without texts to tell them from. */
  uncategorizedCount = 0;

  refuse(place: Place, reason: string): void {
    this.badCount += 1;
    if (this.bad.length < BAD_ROWS_TOLD_MAX) this.bad.push({ ...place, reason });
  }

  drop(why: LogDrop): void {
    this.dropped.set(why, (this.dropped.get(why) ?? 0) + 1);
  }

  get droppedCount(): number {
    return [...this.dropped.values()].reduce((sum, it) => sum + it, 0);
  }
}
