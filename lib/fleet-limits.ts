import { BODY_BYTES_MAX } from "./limits";

/** Every limit of a fleet of workers and of choosing among them: its unit is in its name, its reason beside it. */

// Heartbeats: two beats may be lost before a worker is held for dead.
export const HEARTBEAT_INTERVAL_MS = 5_000;
/** A worker silent for this long is out of the registry's answers. */
export const WORKER_STALE_AFTER_MS = 10_000;
/** A beat that takes longer than the interval would overlap the next one. */
export const HEARTBEAT_TIMEOUT_MS = 4_000;
/** The picture of the workers that requests are dispatched by is read again at most this often. */
export const PICTURE_INTERVAL_MS = 1_000;
/** A request waits this long for a newer picture and then makes do with the last one. */
export const PICTURE_WAIT_MS_MAX = 500;
/** Readings of the registry in a row that changes may make worthless before one is taken as it is: some milliseconds each. */
export const REGISTRY_TURNS_MAX = 8;
/** A worker that was lost or left stays in answers to people for this long, so that they can see what happened. */
export const WORKER_GONE_SHOWN_MS = 600_000;
/** How often lost workers are written down as lost; reads apply the limit above by themselves. */
export const SWEEP_INTERVAL_MS = 1_000;
/** A rejected or unreachable controller is asked again after at most this long. */
export const REGISTER_RETRY_LONGEST_MS = 2_000;
/** Workers tried for one request before the client hears of it. */
export const DISPATCH_ATTEMPTS_MAX = 3;
/** Requests a web process sends to a worker beyond its slots: one waits there, so that no slot idles for the way from here; whatever waits is in an order of its own there. */
export const SENT_AHEAD_MAX = 1;
/** Requests that wait in one web process for one model: at four a second, what is done in the longest wait. Each holds its body: kilobytes as a rule, 1 MiB at most, 8 MiB of texts. */
export const ADMISSION_WAITING_MAX = 256;
/** Told to who is refused at a full queue, whatever the pace: beyond the longest wait nobody knows. */
export const ADMISSION_RETRY_SECONDS_MAX = 60;
/** A pace is that of about this long. */
export const ADMISSION_PACE_MS = 10_000;
/** A worker that is asked whether it lives answers within this time; the first answer of a web process that starts waits for theirs. */
export const PROBE_MS_MAX = 1_000;
/** So many are asked at once, the others after them: each is a connection of its own. */
export const PROBES_MAX = 64;
/** One that did not answer is asked again after this time, then ever more seldom: a restart takes seconds, a repair hours. */
export const PROBE_RETRY_FIRST_MS = 500;
export const PROBE_RETRY_LONGEST_MS = 30_000;
/** Numbers of a worker's card: the database's `integer` ends here. */
export const DATABASE_INTEGER_MAX = 2_147_483_647;
/** Told to clients whose model has no worker: one missed heartbeat and a registration. */
export const NO_WORKER_RETRY_AFTER_SECONDS = 5;

// Answers that a second worker goes on with.
/** Times that one answer goes on elsewhere: a request that is the death of its workers takes no more of them along. */
export const RESUMPTIONS_MAX = 4;
/** Tokens of an answer that can go on elsewhere, as many as any context here holds; the web holds their ids, 8 bytes each. */
export const RESUMED_TOKENS_MAX = 131_072;
/** Tokens that a worker may say it read or wrote: what a column of 32 bits holds. An answer is held to its own bounds besides. */
export const TOKEN_COUNT_MAX = 2_147_483_647;
/** Tokens that a character of a text may make, spelled otherwise by the model's normalization and then in bytes. */
export const TOKENS_A_CHARACTER_MAX = 64;
/** A worker whose stream is silent for this long is asked whether it lives: a token takes a second at worst, a long prompt more. */
export const STREAM_DOUBT_AFTER_MS = 3_000;
/** Such a question is answered within this, also by a worker that works: its models run in threads of their own. */
export const LIFE_SIGN_MS_MAX = 2_000;
/** Questions in a row without an answer after which the stream is given up, where another worker can go on. */
export const LIFE_SIGNS_MISSED_MAX = 2;
/** The same where nobody can: twelve seconds, as long as the registry believes in a silent worker. */
export const LIFE_SIGNS_MISSED_ALONE_MAX = 5;
/** FastChat's workers are uvicorn, which closes an idle connection after 5 s. */
export const FASTCHAT_IDLE_MS_MAX = 3_000;
/** One reply or chunk of a FastChat worker. A chunk holds the whole answer, six bytes for a character beyond ASCII. */
export const FASTCHAT_REPLY_BYTES_MAX = 16 * BODY_BYTES_MAX;
/** A FastChat worker that reads texts is deaf for as long; its own batches are of four (`WORKER_API_EMBEDDING_BATCH_SIZE`). */
export const FASTCHAT_TEXTS_A_CALL_MAX = 4;
/** Templates of FastChat workers that are kept; each is asked for again where it has been dropped. */
export const FASTCHAT_TEMPLATES_KEPT_MAX = 256;
/** A template is asked for anew after this long: a worker that never beats does not say that it was started anew. */
export const FASTCHAT_TEMPLATE_MS_MAX = 300_000;
/** Models of one FastChat worker that are asked about at once. */
export const FASTCHAT_QUESTIONS_AT_ONCE_MAX = 4;
/** A FastChat worker registers before it listens, and is asked what it serves when it does; loading is over by then. */
export const FASTCHAT_INTRODUCTION_MS_MAX = 120_000;
/** From one of these questions to the next: usually it listens after the first. */
export const FASTCHAT_INTRODUCTION_RETRY_FIRST_MS = 50;
export const FASTCHAT_INTRODUCTION_RETRY_LONGEST_MS = 2_000;
/** FastChat workers that are being asked at once; the next registers again with its beat. */
export const FASTCHAT_INTRODUCTIONS_MAX = 256;
/** Somebody without the token is told of this often: one who sets a worker up looks for it, and others could fill the log. */
export const FASTCHAT_REFUSAL_TOLD_EVERY_MS = 10_000;
/** `--limit-worker-concurrency` of FastChat's usual worker, which does not tell it. */
export const FASTCHAT_SLOTS_DEFAULT = 5;
/** FastChat's own assumption, where a worker does not tell its context. */
export const FASTCHAT_CONTEXT_LENGTH_DEFAULT = 2_048;

/** Parleys that one request passes through: networks nest two or three deep, and a chain that closes is cut here at the latest. */
export const PARLEYS_MAX = 16;
/** Models of one worker's card; a Parley that is a worker passes on no more, the first by name. */
export const RELAYED_MODELS_MAX = 256;
/** A Parley that is a worker looks this often whether its models are still what it said they are. */
export const RELAY_LOOK_INTERVAL_MS = 1_000;
/** One that was refused needs a person to change something; it finds out by asking this seldom. */
export const RELAY_REFUSED_RETRY_MS = { firstMs: 1_000, longestMs: 30_000 };
/** Installations that one worker stands for, all that are beneath it. */
export const PARLEYS_BENEATH_MAX = 256;

/** A worker's reply as a whole: the vectors of 64 texts, each of 4,096 numbers as JSON, take 6 MiB. */
export const WORKER_REPLY_BYTES_MAX = 32 * BODY_BYTES_MAX;
/** What it says of its health, or why it refuses. */
export const WORKER_WORD_BYTES_MAX = 65_536;

/** Tokens of workers that a server holds in memory, revoked ones left out; a fleet has a few hundred workers. */
export const WORKER_TOKENS_MAX = 1_000;
/** A token that is not known is looked for in the database after this time, for all who bring one meanwhile. */
export const WORKER_TOKEN_LOOK_MS = 250;

// How workers are chosen.
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
