/** Limits of jobs and of the boards that they compute: each with its unit and its reason. What operators may change stands in protocol/arena-settings.ts. */

// Jobs.
/** A process says this often that it is still at a job. */
export const JOB_BEAT_INTERVAL_MS = 3_000;
/** A job whose process was not heard of for so long is given to another one: four beats may be lost. */
export const JOB_EXPIRE_SECONDS = 15;
/** How often lost jobs are looked for; with the line above a killed process's job goes on after some 20 s. */
export const JOB_SUPERVISE_INTERVAL_MS = 5_000;
/** Jobs are heard of through the database's announcements; this is for those that nobody announced. */
export const JOB_POLL_INTERVAL_MS = 2_000;
/** Attempts after the first; with the pause below doubled each time the last comes some ten minutes after it. */
export const JOB_RETRIES_MAX = 8;
export const JOB_RETRY_SECONDS = 2;
/** What recurs is known to have run by its row, which must outlive the longest interval of a day. */
export const JOB_KEPT_SECONDS = 172_800;
/** A job that nobody took for so long is given up: whatever it was for has been made up by others. */
export const JOB_RETENTION_MINUTES = 10_080;
/** Rows of old jobs are removed this often. */
export const JOB_CLEAN_INTERVAL_MS = 3_600_000;
/** A process that ends waits this long for its jobs to see that they are stopped. */
export const JOB_STOP_MS_MAX = 1_000;
/** A slot is asked for a moment after it began, since the clocks of process and database differ by some. */
export const JOB_SLOT_DELAY_MS = 250;
