/** Limits of labels that a model reads from prompts: each with its unit and its reason. */

/** Characters of a prompt that are told: where FastChat's labellers cut it, some 3,000 tokens. */
export const LABEL_CHARACTERS_MAX = 12_500;
/** Tokens of an answer: the whole of it in JSON has some 120. */
export const LABEL_TOKENS_MAX = 400;
/** One prompt, its second try included. */
export const LABEL_MS_MAX = 120_000;
/** Tries at one prompt, where an answer is none of the form that was asked for. */
export const LABEL_TRIES_MAX = 2;
/** Prompts at the model at once: visitors have its other places. */
export const LABEL_LANES = 2;
/** Ballots of one reading. */
export const LABEL_PAGE = 100;
/** Prompts of one command. */
export const LABEL_LIMIT_DEFAULT = 200;
export const LABEL_LIMIT_MAX = 100_000;
/** What has waited for labels is looked for this often. */
export const LABEL_INTERVAL_SECONDS = 3_600;
/** Labelled ballots that rules are compared with, the newest: a share of them is exact to one in a hundred. */
export const LABEL_COMPARED_MAX = 10_000;
/** The command looks this often how far the platform is. */
export const LABEL_LOOK_INTERVAL_MS = 1_000;
