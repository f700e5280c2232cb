/** Limits of what the platform keeps of external providers; see limits.ts for the form. */

/** Keys of providers. Each model may have its own, and a worker offers 256 models. */
export const PROVIDER_KEYS_MAX = 256;
/** Between two looks of the web process at whether a worker is needed for external models. */
export const EXTERNAL_WORKER_LOOK_MS = 1_000;
/** Between two looks of a worker at the models that the platform keeps: what a keeper enters is offered soon, and an unchanged answer is 200 bytes. */
export const PLATFORM_MODELS_LOOK_MS = 2_000;
/** Tokens of the answer by which a keeper tries a model: enough for those that reason before they speak. */
export const TRIED_TOKENS_MAX = 512;
/** Until a keeper hears what became of it. */
export const TRIED_MS_MAX = 60_000;
