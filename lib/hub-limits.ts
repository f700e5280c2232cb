/** Limits of downloads from model hubs; see limits.ts for the form. */

/** Files of one model that are looked at: the largest repositories of ONNX models have some hundreds. */
export const HUB_FILES_MAX = 10_000;
/** Until a hub answers a question about a model. */
export const HUB_CALL_MS_MAX = 30_000;
/** Bytes of such an answer: a page of 1,000 files has some 300 kB, ModelScope's one list of 10,000 some 8 MB. */
export const HUB_REPLY_BYTES_MAX = 16 * 1024 * 1024;
/** Pages of one list: a hub tells 1,000 files a page, and one that never ends is no list. */
export const HUB_PAGES_MAX = 100;
/** Times that one such question is asked. */
export const HUB_CALL_ATTEMPTS_MAX = 4;
/** For so long a hub may ask to be left alone: Hugging Face counts requests over five minutes. Longer is told, not waited. */
export const HUB_RETRY_AFTER_MS_MAX = 310_000;
/** Without a byte for so long a download is begun again from where it stands. */
export const HUB_STALL_MS_MAX = 30_000;
/** Beginnings of one file without a byte more; any progress counts them anew. */
export const HUB_ATTEMPTS_MAX = 6;
/** Between two of them: first, and at most. */
export const HUB_RETRY_MS = { firstMs: 500, longestMs: 30_000 };
/** Times that a whole file comes with other bytes than promised before it is believed to be so at the hub. */
export const HUB_SPOILT_MAX = 2;
/** A download shows by its lock's time that it lives, for processes that cannot see its own. */
export const HUB_LOCK_BEAT_MS = 5_000;
/** A lock without a beat for so long is nobody's: network file systems tell times some seconds late. */
export const HUB_LOCK_SILENT_MS = 30_000;
/** Files at once: hubs serve one connection slower than a line is fast, and more than this no faster. */
export const HUB_FILES_AT_ONCE = 3;
/** Between two reports of progress. */
export const HUB_PROGRESS_INTERVAL_MS = 250;
/** Of a disk that a download leaves free. */
export const HUB_DISK_SPARE_BYTES = 512 * 1024 * 1024;

/**
 * Time that a request waits for a model which its host loads first: weights of 70 billion parameters take a fresh
 * machine some minutes, and a request has ten altogether (GENERATION_MS_MAX), one of which is left to its answer.
 */
export const HOST_LOADING_MS_MAX = 540_000;
/** Between two questions to a host that loads a model: hosts guess minutes, and are asked more often at first. */
export const HOST_LOADING_POLL_MS = { firstMs: 1_000, longestMs: 10_000 };
