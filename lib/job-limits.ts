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

// Boards.
/** Votes read from the database at once: some 5 MB, 30 ms of a thread that nobody waits for. */
export const VOTES_A_LOAD = 10_000;
/** A board is given so long for its votes to be read and its numbers fitted: ten million votes take a minute. */
export const BOARD_COMPUTE_MS_MAX = 600_000;
/** Its statements wait for each other's locks, which are held until the board is written. */
export const BOARD_STATEMENT_MS_MAX = BOARD_COMPUTE_MS_MAX;
/** Connections of what computes boards: each board is one transaction, and two may be under way. */
export const BOARD_CONNECTIONS_MAX = 3;
/** Votes are kept in memory for so long after they were last asked for: loading a million takes some seconds. */
export const BOARD_VOTES_IDLE_MS = 900_000;
/** All other boards are computed anew at most this often while votes come, */
export const BOARDS_INTERVAL_MS_MIN = 2_000;
/** and rest after it for so many times what it took, so that they take a quarter of one core at most. */
export const BOARDS_REST = 3;
/** No longer than this, however long they took: a slow machine's boards are some minutes behind, not half an hour. */
export const BOARDS_REST_MS_MAX = 120_000;
/** How far a computation of all boards has come is written this often. */
export const BOARD_PROGRESS_MS = 500;
/** Computations that are remembered. */
export const BOARD_RUNS_KEPT = 24;
/** A run without a word for so long belongs to a process that died. */
export const BOARD_RUN_STALE_MS = 120_000;
/** A board that was asked for is kept for so long after it was asked for last. */
export const BOARD_KEPT_MS = 86_400_000;
/** That it was asked for is written at most this often. */
export const BOARD_REQUEST_INTERVAL_MS = 3_600_000;
/** One that somebody looks at is computed again when it is so old, and votes came since. */
export const BOARD_FOLLOW_MS = 300_000;
/** Boards on request that are kept at once: beyond it nobody's whim costs the others. */
export const REQUESTED_BOARDS_MAX = 200;
/** Boards on request that may wait at once: some minutes of work. */
export const REQUESTED_BOARDS_WAITING_MAX = 20;
/** Languages with boards of their own, those with the most votes. */
export const BOARD_LANGUAGES_MAX = 40;
/** Votes missed by all announcements are found this often. */
export const BOARD_CHECK_SECONDS = 60;
/** A page's answer from memory, while nobody announced a change: models wake and prices change unannounced. */
export const BOARD_ANSWER_AGE_MS = 5_000;
/** Answers kept in memory; each is some 100 KB for 200 models. */
export const BOARD_ANSWERS_MAX = 128;
/** Days of a board's history that are told at once. */
export const BOARD_HISTORY_DAYS_MAX = 1_000;
/** The past of votes that were moved in has a point for each of so many last days, */
export const PAST_DAYS_DAILY = 30;
/** and for each of so many weeks before: 134 fits a board, of a second each where there are a million votes. */
export const PAST_WEEKS_MAX = 104;
/** Models whose history is told at once, where none are named. */
export const BOARD_HISTORY_MODELS_MAX = 20;
/** Served speed is that of the last days, */
export const SPEED_DAYS = 7;
/** of answers of so many tokens at least, since a short one says little of the pace, */
export const SPEED_TOKENS_MIN = 16;
/** and counted anew this often. */
export const SPEED_INTERVAL_SECONDS = 600;
/** Reading a week of usage may take long on a busy platform; nobody waits. */
export const SPEED_READ_MS_MAX = 120_000;
