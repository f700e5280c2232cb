import { JOB_BEAT_INTERVAL_MS, JOB_EXPIRE_SECONDS } from "@/lib/job-limits";
import { log } from "@/lib/telemetry/log";
import type { JobStore, StoredJob } from "./job-store";

type Run = {
  store: JobStore;
  name: string;
  job: StoredJob;
  /** Its row stays after its end. */
  isKept: boolean;
  handler: (job: { data: unknown; signal: AbortSignal }) => Promise<void>;
  /** Of the process. */
  ending: AbortSignal;
};

/** Does a job that was taken, says meanwhile that it is being done, and how it ended. Never fails. */
export async function runJob({ store, name, job, isKept, handler, ending }: Run): Promise<void> {
  const lost = new AbortController();
  const beating = beat(store, { name, id: job.id, lost });
  try {
    await handler({ data: job.data, signal: AbortSignal.any([lost.signal, ending]) });
    await store.end(name, job.id, isKept);
  } catch (error) {
    // Another process is at it, or it will be found lost.
    if (lost.signal.aborted) return;
    if (!ending.aborted) log.error({ err: error, job: name }, "job failed; it is tried again");
    await store.fail(name, job.id, error).catch((failure: unknown) => {
      log.warn(
        { err: failure, job: name },
        "job's end not written; it begins again when it is missed",
      );
    });
  } finally {
    clearInterval(beating);
  }
}

function beat(
  store: JobStore,
  { name, id, lost }: { name: string; id: string; lost: AbortController },
): NodeJS.Timeout {
  let heardMs = performance.now();
  const timer = setInterval(async () => {
    const askedMs = performance.now();
    // Who was not heard of for so long has lost it, whether told so or not.
    if (askedMs - heardMs > JOB_EXPIRE_SECONDS * 1_000) lost.abort(new Error("The job was lost."));
    try {
      if (await store.beat(name, id)) heardMs = askedMs;
      else lost.abort(new Error("Another process has the job."));
    } catch (error) {
      log.debug({ err: error, job: name }, "no beat of a job through the database");
    }
  }, JOB_BEAT_INTERVAL_MS);
  timer.unref();
  return timer;
}
