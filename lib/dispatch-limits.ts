/** The numbers by which workers are chosen, beside the limits of lib/limits.ts: each with its unit in its name and its reason beside it. */

/** Faults of a worker in a row that open its breaker; one that cannot be reached or is silent opens it at once, since the next request would pay seconds to hear the same. */
export const BREAKER_FAULTS_MAX = 3;
/** Or this share of its requests that failed, of at least so many, all of about the last half minute. */
export const BREAKER_FAULT_SHARE_MAX = 0.5;
export const BREAKER_SHARE_REQUESTS_MIN = 10;
export const BREAKER_SHARE_WINDOW_MS = 30_000;
/** A worker whose breaker opened is passed over for this long, unless there is nobody else; each time that it fails again for twice as long, up to the limit: a restart takes seconds, and every trial is somebody's request. */
export const BREAKER_OPEN_MS = 2_000;
export const BREAKER_OPEN_MS_MAX = 30_000;
/** Affinity gives way where a worker has more than this many times its share of the requests: any factor above 1 bounds the load, and the nearer it is to 1, the more requests go elsewhere (KubeAI, which has the same rule, takes 1.25). */
export const AFFINITY_LOAD_FACTOR = 1.25;
/** And with fewer than this share of its slots taken a worker is not overloaded, whatever the others do: a quiet fleet must not scatter the few requests that belong together. With a half, simulated conversations that ask for much wait twice as long at a load of 60 %; with a quarter 95 % of the turns stay (`npm run bench -- dispatch`). */
export const AFFINITY_QUIET_SHARE = 0.25;
/** A worker counts for at least one in so many of the fastest, however little it has shown. */
export const SPEED_SPREAD_MAX = 8;
/** Conversations whose last worker a web process knows: some 100 bytes each. */
export const SESSIONS_REMEMBERED_MAX = 32_768;
/** Blocks of prompts whose readers a web process knows: some 200 bytes each. */
export const PREFIX_BLOCKS_REMEMBERED_MAX = 32_768;
/** Workers known to have read one block; a system prompt that all of them have read binds to none. */
export const PREFIX_READERS_MAX = 8;
/** A block of a prompt for prefix affinity: some 128 tokens, below which reading again costs nothing. */
export const PREFIX_BLOCK_CHARACTERS = 512;
/** Of a prompt's blocks so many are looked at: who has read these has read what is worth being sent after. */
export const PREFIX_BLOCKS_MAX = 64;
/** A worker that has read less of the prompt than this share is chosen no sooner for it. */
export const PREFIX_SHARE_MIN = 0.25;
/** A token that is read costs about this much of one that is written: prompts are read many tokens a step. An order of magnitude; it differs by model and machine. */
export const READ_TOKEN_COST = 0.125;
/** Characters a token, in guesses of a prompt's length before its worker has read it: English 4 to 5, code 3, Chinese 1 to 2. */
export const CHARACTERS_A_TOKEN = 4;
/** Tokens that an answer is expected to have before one has ended. */
export const ANSWER_TOKENS_EXPECTED = 256;
/** A worker's speed is that of about this long a time in which it had work. */
export const SPEED_WINDOW_MS = 30_000;
/** And told once it had work for this long: less is chance. */
export const SPEED_KNOWN_AFTER_MS = 500;
