import { RECORD_SHAPES_MAX } from "@/lib/vote-file-limits";
import type { Place, ReadReport } from "./read-report";
import { readRow } from "./read-row";
import type { RecordSink } from "./record-frames";
import { RecordShape } from "./record-shape";
import { ShapeReader } from "./shape-reader";
import { tellCategories } from "./tell-categories";
import type { VoteRow } from "./vote-row";
import type { VotesWanted, VoteTableBuilder } from "./vote-table";

/** Takes the records of a file into columns: by their shape where it is known, else as objects. */
export class TableSink implements RecordSink {
  readonly #builder: VoteTableBuilder;
  readonly #report: ReadReport;
  readonly #wanted: VotesWanted;
  /** The one that matched last stands first. */
  readonly #readers: ShapeReader[] = [];

  constructor(given: { builder: VoteTableBuilder; report: ReadReport; wanted: VotesWanted }) {
    this.#builder = given.builder;
    this.#report = given.report;
    this.#wanted = given.wanted;
  }

  match(bytes: Buffer, start: number, limit: number): number {
    const readers = this.#readers;
    for (let index = 0; index < readers.length; index++) {
      // A place below the length has a reader.
      const reader = readers[index] as ShapeReader;
      const end = reader.shape.match(bytes, start, limit);
      if (end < 0) continue;
      if (index > 0) {
        readers.splice(index, 1);
        readers.unshift(reader);
      }
      return end;
    }
    return -1;
  }

  takeMatch(bytes: Buffer): boolean {
    const taken = this.#readers[0]?.take(bytes) ?? "unsure";
    if (taken === "unsure") return false;
    this.#report.rows += 1;
    if (taken !== "taken") this.#report.named += 1;
    if (taken !== "named") this.#report.votes += 1;
    return true;
  }

  learn(bytes: Buffer, start: number, end: number): void {
    if (this.#readers.length === RECORD_SHAPES_MAX) return;
    const shape = RecordShape.of(bytes, start, end);
    // One that a reader has already, with a value that was not plain.
    if (!shape || this.#readers.some((it) => it.shape.match(bytes, start, end) === end)) return;
    const reader = ShapeReader.of(shape, { builder: this.#builder, wanted: this.#wanted });
    if (reader !== undefined) this.#readers.unshift(reader);
  }

  take(record: unknown): void {
    const report = this.#report;
    const row = readRow(record, report, { style: this.#wanted.style });
    report.rows += 1;
    if (row === undefined) return;
    const wanted = this.#wanted;
    if (!row.isAnonymous) report.named += 1;
    if (!row.isAnonymous && !wanted.named) return;
    report.votes += 1;
    const told = wanted.categories ? tellCategories(row) : { mask: 0, isWhole: true };
    if (!told.isWhole) report.uncategorizedCount += 1;
    if ((wanted.style || wanted.length) && isEstimated(row)) report.estimatedCount += 1;
    this.#builder.addRow(row, told.mask);
  }

  refuse(place: Place, reason: string): void {
    this.#report.rows += 1;
    this.#report.refuse(place, reason);
  }
}

export function isEstimated({ conversations }: VoteRow): boolean {
  if (conversations === null) return false;
  return [...conversations.a, ...conversations.b].some((it) => it.isEstimated);
}
