/** Limits of what the platform keeps of external providers; see limits.ts for the form. */

/** Keys of providers. Each model may have its own, and a worker offers 256 models. */
export const PROVIDER_KEYS_MAX = 256;
/** Between two looks of the web process at whether a worker is needed for external models. */
export const EXTERNAL_WORKER_LOOK_MS = 1_000;
/** What a worker is handed of the platform's models: 256 entries, each with a text before every conversation. */
export const HANDED_BYTES_MAX = 16 * 1024 * 1024;
/** Between two attempts of a worker to tell what is wrong with its models. */
export const PROBLEM_TELL_MS_MIN = 1_000;
/** Tokens of the answer by which a keeper tries a model: enough for those that reason before they speak. */
export const TRIED_TOKENS_MAX = 512;
/** Until a keeper hears what became of it. */
export const TRIED_MS_MAX = 60_000;
