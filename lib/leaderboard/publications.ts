import { PUBLICATION_PROGRESS_MS, PUBLICATION_STALE_AFTER_MS } from "@/lib/board-limits";
import { type Database, database } from "@/lib/db/client";
import { isAppError, toAppError } from "@/lib/errors";
import { type Jobs, jobs } from "@/lib/jobs/jobs";
import { type BoardKey, boardKeyText, parseBoardKey } from "@/lib/protocol/board-key";
import type { AdminBoards, PublicationView } from "@/lib/protocol/published-view";
import { log } from "@/lib/telemetry/log";
import { assert } from "@/lib/util/assert";
import { createId } from "@/lib/util/id";
import { processSingleton } from "@/lib/util/process-singleton";
import { codeVersion } from "./code-version";
import { FitWorker } from "./fit-worker";
import { type ComputeFile, createBoardId, publishBoard } from "./publish-board";
import {
  createPublication,
  findPublication,
  findPublishedRow,
  type PublicationRow,
  readPublications,
  updatePublication,
} from "./published-store";
import { listPublished } from "./read-published";

const JOB = "publish-board";

type Parts = {
  db: Database;
  jobs: Pick<Jobs, "handle" | "send">;
  /** In this thread unless given. */
  compute?: ComputeFile | undefined;
};

/** Boards that keepers publish on a page: as jobs, whose progress is written down, whichever process does them. */
export class Publications {
  readonly #db: Database;
  readonly #jobs: Parts["jobs"];
  readonly #compute: ComputeFile | undefined;

  constructor({ db, jobs, compute }: Parts) {
    this.#db = db;
    this.#jobs = jobs;
    this.#compute = compute;
  }

  /** From here on this process publishes what was asked for. */
  start(): void {
    this.#jobs.handle<{ id: string }>(JOB, ({ data, signal }) => this.#run(data.id, signal));
  }

  async request({ title, key }: { title: string; key: BoardKey }): Promise<PublicationView> {
    const id = createId();
    const publication = { id, title, key: boardKeyText(key), boardId: createBoardId() };
    await this.#db.transaction(async (transaction) => {
      await createPublication(transaction, publication);
      await this.#jobs.send(JOB, { id }, { key: id, db: transaction });
    });
    const row = await findPublication(this.#db, id);
    assert(row !== undefined, "what was written a moment ago is there");
    return toView(row);
  }

  async list(): Promise<AdminBoards> {
    const [boards, rows] = await Promise.all([listPublished(this.#db), readPublications(this.#db)]);
    return { boards, publications: rows.map(toView), codeVersion: codeVersion() };
  }

  /** May be called again for one that is done, or half done by a process that died. */
  async #run(id: string, signal: AbortSignal): Promise<void> {
    const row = await findPublication(this.#db, id);
    const key = row && parseBoardKey(row.key);
    if (row?.state !== "running" || row.boardId === null || key === undefined) return;
    const done = { state: "done", endedAt: new Date() } as const;
    if (await findPublishedRow(this.#db, row.boardId)) {
      await updatePublication(this.#db, id, done);
      return;
    }
    const publication = { id: row.boardId, title: row.title, key };
    try {
      await publishBoard(this.#db, publication, {
        signal,
        onProgress: this.#progressOf(id),
        compute: this.#compute,
      });
      await updatePublication(this.#db, id, done);
    } catch (error) {
      // Another process does it.
      if (signal.aborted) throw error;
      if (!isAppError(error)) log.error({ err: error }, "a board was not published");
      const failed = { state: "failed", error: toAppError(error).message } as const;
      await updatePublication(this.#db, id, { ...failed, boardId: null, endedAt: new Date() });
    }
  }

  #progressOf(id: string): (done: number, total: number) => void {
    let writtenMs = Number.NEGATIVE_INFINITY;
    return (votesDone, votesTotal) => {
      const nowMs = performance.now();
      if (nowMs - writtenMs < PUBLICATION_PROGRESS_MS && votesDone < votesTotal) return;
      writtenMs = nowMs;
      updatePublication(this.#db, id, { votesDone, votesTotal }).catch((error: unknown) => {
        // How far it is matters to nobody who cannot ask.
        log.debug({ err: error }, "progress of a publication was not written");
      });
    };
  }
}

function toView(row: PublicationRow): PublicationView {
  const { id, title, key, votesDone, votesTotal, boardId, startedAt, updatedAt } = row;
  const isLost =
    row.state === "running" && Date.now() - updatedAt.getTime() > PUBLICATION_STALE_AFTER_MS;
  const lost = "Nothing was heard of it for long. It goes on when a process takes it up again.";
  return {
    ...{ id, title, key, votesDone, votesTotal, startedAt: startedAt.toISOString() },
    ...{ state: row.state, error: isLost ? lost : row.error },
    boardId: row.state === "done" ? boardId : null,
  };
}

/** The publications of this process, which goes on answering while they are computed. */
export function publications(): Publications {
  return processSingleton("publications", () => {
    const worker = new FitWorker();
    return new Publications({
      ...{ db: database(), jobs: jobs() },
      compute: (path, head, { signal } = {}) => worker.computeFile(path, head, signal),
    });
  });
}
