import { AppError } from "@/lib/errors";
import { type ReadOptions, readThroughWindow } from "./byte-window";
import { ReadReport } from "./read-report";
import { framesOf, type RecordFrames, type RecordSink } from "./record-frames";
import { tableFrames } from "./table-frames";
import { TableSink } from "./table-sink";
import { type VotesWanted, type VoteTable, VoteTableBuilder } from "./vote-table";

/**
 * Reads the votes of a file into columns, those on anonymous models where no others are wanted: JSON lines, one JSON array (as FastChat's `clean_battle`
 * files, however large), CSV, rows of FastChat's logs, each also as gzip. The form is told from the content.
 * Rows that are no votes are left out, and the report names them.
 *
 * @param wanted columns beside names and outcomes; what is not wanted costs nothing
 * @throws AppError `invalid-request` for a file without one row that can be read; the file system's errors.
 */
export async function readVotes(
  path: string,
  wanted: VotesWanted = {},
  options: ReadOptions = {},
): Promise<{ table: VoteTable; report: ReadReport }> {
  const report = new ReadReport();
  const builder = new VoteTableBuilder(wanted);
  const sink = new TableSink({ builder, report, wanted });
  await readRecords(path, sink, { report, ...options });
  refuseEmpty(report);
  return { table: builder.finish(), report };
}

/** Reads a file's records into `sink`; `afterPart` is waited for behind each part of the file. */
export async function readRecords(
  path: string,
  sink: RecordSink,
  given: ReadOptions & { report: ReadReport; afterPart?: () => Promise<void> },
): Promise<void> {
  let frames: RecordFrames | undefined;
  await readThroughWindow(
    path,
    async (window, isLast) => {
      frames ??= framesOf(window, isLast, sink, (at, last) => tableFrames(at, last, sink));
      if (frames === undefined) return;
      given.report.format = frames.format;
      frames.consume(window, isLast);
      await given.afterPart?.();
    },
    given,
  );
}

/** @throws AppError for a file in which nothing could be read. */
export function refuseEmpty(report: ReadReport): void {
  if (report.rows === 0) {
    throw new AppError("invalid-request", { message: "The file is empty: it holds no votes." });
  }
  const [first] = report.bad;
  if (first === undefined || report.badCount < report.rows) return;
  const rows = report.rows === 1 ? "The only row" : `None of the ${report.rows} rows`;
  const what = report.rows === 1 ? "is not a vote" : "is a vote";
  throw new AppError("invalid-request", {
    message: `${rows} ${what}; the first, on line ${first.line}, ${first.reason}.`,
  });
}
