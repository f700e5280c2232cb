/** Limits of downloads from model hubs; see limits.ts for the form. */

/** Files of one model that are looked at: the largest repositories of ONNX models have some hundreds. */
export const HUB_FILES_MAX = 10_000;
/** Until a hub answers a question about a model. */
export const HUB_CALL_MS_MAX = 30_000;
/** Bytes of such an answer. */
export const HUB_REPLY_BYTES_MAX = 16 * 1024 * 1024;
/** Without a byte for so long a download is begun again from where it stands. */
export const HUB_STALL_MS_MAX = 30_000;
/** Beginnings of one file without a byte more; any progress counts them anew. */
export const HUB_ATTEMPTS_MAX = 6;
/** Between two of them: first, and at most. */
export const HUB_RETRY_MS = { firstMs: 500, longestMs: 30_000 };
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
