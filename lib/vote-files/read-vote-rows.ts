import type { ReadOptions } from "./byte-window";
import { type Place, ReadReport } from "./read-report";
import { readRow } from "./read-row";
import { readRecords, refuseEmpty } from "./read-votes";
import type { RecordSink } from "./record-frames";
import type { VoteRow } from "./vote-row";

/**
 * Reads the anonymous votes of a file one by one, all that is known of each; `readVotes` is for columns. What
 * `onRows` is given are those of a part of the file, and the next part is read when it has resolved.
 *
 * @returns what became of the rows.
 * @throws AppError `invalid-request` for a file without one row that can be read; the file system's errors.
 */
export async function readVoteRows(
  path: string,
  onRows: (rows: VoteRow[]) => Promise<void> | void,
  options: ReadOptions = {},
): Promise<ReadReport> {
  const report = new ReadReport();
  const sink = new RowSink(report);
  const afterPart = async () => {
    const rows = sink.takeRows();
    if (rows.length > 0) await onRows(rows);
  };
  await readRecords(path, sink, { report, ...options, afterPart });
  refuseEmpty(report);
  return report;
}

class RowSink implements RecordSink {
  readonly #report: ReadReport;
  #rows: VoteRow[] = [];

  constructor(report: ReadReport) {
    this.#report = report;
  }

  takeRows(): VoteRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  take(record: unknown): void {
    const report = this.#report;
    const row = readRow(record, report, { style: true });
    report.rows += 1;
    if (row === undefined) return;
    if (row.isAnonymous) {
      this.#rows.push(row);
      report.votes += 1;
    } else report.named += 1;
  }

  refuse(place: Place, reason: string): void {
    this.#report.rows += 1;
    this.#report.refuse(place, reason);
  }
}
