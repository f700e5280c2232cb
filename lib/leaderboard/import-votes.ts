import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { VOTES_A_BATCH, VOTES_IMPORTED_MAX } from "@/lib/vote-file-limits";
import type { ReadReport } from "@/lib/vote-files/read-report";
import { readVoteRows } from "@/lib/vote-files/read-vote-rows";
import type { VoteRow } from "@/lib/vote-files/vote-row";
import {
  countBallots,
  createModels,
  enterImport,
  insertBallots,
  type KnownId,
  readModelIds,
} from "./import-store";
import { BallotMaker, type ImportedBallot } from "./imported-votes";

export type ImportOptions = {
  /** Of the installation: ids and voters are hashed with it. */
  key: Buffer;
  /** Where the votes come from, for `ballots.facts`. */
  source: string;
  /** Looks, and writes nothing. */
  isDry?: boolean | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
};

export type ImportOutcome = {
  report: ReadReport;
  /** Votes of the file that can be taken. */
  votes: number;
  /** Written, or of a dry run: that would be. */
  added: number;
  /** There already. */
  known: number;
  /** Models that nobody knew here. */
  modelsAdded: string[];
  /** Of all votes of the file. */
  earliest: Date;
};

/**
 * Moves the anonymous votes of a file into the database, where they count as those that were cast here. The file
 * is read twice: once for its models and for what is wrong with it, then for its votes. A run that ends early has
 * written part of them, and the next one goes on, since every vote has an id of its content.
 *
 * @throws AppError `invalid-request` for a file without votes, or with too many.
 */
export async function importVotes(
  db: Database,
  path: string,
  options: ImportOptions,
): Promise<ImportOutcome> {
  const { report, names, votes } = await lookThrough(path, options);
  if (votes === 0) {
    throw new AppError("invalid-request", {
      message: "No vote of the file can be taken: none is on models whose names were not shown.",
    });
  }
  const before = await readModelIds(db, names);
  const known = new Set(before.map(({ name }) => name));
  const modelsAdded = names.filter((name) => !known.has(name));
  if (!options.isDry) await createModels(db, modelsAdded);
  const ids = options.isDry ? [] : await readModelIds(db, names);
  const { added, earliest } = await write(db, path, { options, ids, models: names.length, votes });
  if (!options.isDry && added > 0) {
    await enterImport(db, { modelIds: ids.map(({ id }) => id), votes: added });
  }
  return { report, votes, added, known: votes - added, modelsAdded, earliest };
}

async function lookThrough(path: string, { signal }: ImportOptions) {
  const names = new Set<string>();
  let votes = 0;
  const report = await readVoteRows(
    path,
    (rows) => {
      for (const row of rows) names.add(row.modelA).add(row.modelB);
      votes += rows.length;
      if (votes <= VOTES_IMPORTED_MAX) return;
      throw new AppError("invalid-request", {
        message: `The file has more than ${VOTES_IMPORTED_MAX} votes; import it in parts.`,
      });
    },
    { signal },
  );
  return { report, names: [...names], votes };
}

async function write(
  db: Database,
  path: string,
  given: { options: ImportOptions; ids: readonly KnownId[]; models: number; votes: number },
): Promise<{ added: number; earliest: Date }> {
  const { key, source, isDry, signal, onProgress } = given.options;
  const now = new Date();
  const maker = new BallotMaker({ key, source, models: given.models, now });
  let earliest = now.toISOString();
  const modelIds = new Map(given.ids.map((it) => [it.name, it]));
  let added = 0;
  let done = 0;
  const onRows = async (rows: VoteRow[]) => {
    for (let at = 0; at < rows.length; at += VOTES_A_BATCH) {
      signal?.throwIfAborted();
      const batch = rows.slice(at, at + VOTES_A_BATCH).map((row) => maker.make(row));
      for (const { createdAt } of batch) if (createdAt < earliest) earliest = createdAt;
      added += isDry ? await countUnknown(db, batch) : await insertBallots(db, batch, modelIds);
      done += batch.length;
      onProgress?.(done, given.votes);
    }
  };
  await readVoteRows(path, onRows, { signal });
  return { added, earliest: new Date(earliest) };
}

async function countUnknown(db: Database, batch: readonly ImportedBallot[]): Promise<number> {
  const ids = batch.map(({ id }) => id);
  return batch.length - (await countBallots(db, ids));
}
