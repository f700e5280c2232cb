/** Every limit of the system, but for those of a fleet of workers (fleet-limits.ts), the arena (arena-limits.ts) and boards (board-limits.ts): its unit is in its name, its reason beside it. */

// Bodies.
/** 1 MiB: a hundred times the longest prompt our bundled context can hold, far below what hurts. */
export const BODY_BYTES_MAX = 1_048_576;
/**
 * Values of one body that are not numbers. A schema says what is wrong with each, some 8 µs apiece, in which
 * nobody else is answered; the largest schemas of tools that people send have a tenth of it.
 */
export const BODY_VALUES_MAX = 65_536;
/** Elements of one list; only ids of tokens come in longer ones. */
export const BODY_LIST_ELEMENTS_MAX = 16_384;
/** One event of a generation; a delta is bytes, so this is a guard and not a budget. */
export const EVENT_BYTES_MAX = 1_048_576;
/** Events of one answer that the web reads before they are asked for; a worker whose reader is slower waits. */
export const EVENTS_READ_AHEAD_MAX = 256;
/** A prompt typed on a page. Longer texts belong to the API. */
export const PROMPT_CHARACTERS_MAX = 32_000;
/** What a model is told before the first prompt of a conversation on a page. */
export const SYSTEM_PROMPT_CHARACTERS_MAX = 8_000;
/** As many as a conversation on a page holds, and more; each takes three of a body's values. */
export const MESSAGES_MAX = 10_240;
/** OpenAI documents 4 for chat; its newer endpoints and our peers take more, and matching is linear. */
export const STOP_STRINGS_MAX = 16;
export const STOP_STRING_CHARACTERS_MAX = 256;
/** Each token drawn is compared with all of them. */
export const STOP_TOKEN_IDS_MAX = 64;
/** OpenAI documents no number; each entry is a logit to change at every token, and 1,024 cost microseconds. */
export const LOGIT_BIAS_ENTRIES_MAX = 1_024;
/** Common values lie below 1.3; at 10 nothing that was said once is said again. */
export const REPETITION_PENALTY_MAX = 10;
/** Texts in one call for vectors or labels; OpenAI's bound is 2,048. */
export const EMBED_INPUTS_MAX = 2_048;
/** Texts of one request that go to a worker in one call: 64 of 512 tokens are half a minute on two cores. */
export const TEXTS_A_CALL_MAX = 64;
/** Characters or ids of one text, which goes to a worker whole: of ten bytes each, the most that JSON needs, they fit into its body. */
export const TEXT_LENGTH_MAX = 400_000;
/** Their characters together, so that a call's body stays far below the worker's limit. */
export const CHARACTERS_A_CALL_MAX = 262_144;
/** Calls of one request under way at once, each with a place at a worker. */
export const TEXT_CALLS_MAX = 4;
/** 2,048 texts of 512 tokens are about 4 MiB. */
export const TEXTS_BODY_BYTES_MAX = 8 * BODY_BYTES_MAX;
/** Documents in one call; Cohere's bound. */
export const RERANK_DOCUMENTS_MAX = 1_000;
/** Parts of one text to be moderated, which is read part by part. */
export const MODERATION_PARTS_MAX = 64;
/**
 * A conversation that cannot fit its model's context is counted as long as it has no more bytes. It is made
 * tokens of in one go, for which others at the model wait: 131 kB take 0.2 s, 1.6 if all are spaces, a megabyte 1.4 and 11.
 */
export const COUNTED_BYTES_MAX = 131_072;
/** Tokens to be made a text of in one call: more than any context here holds. */
export const DETOKENIZE_IDS_MAX = 131_072;
/** Prompts of one check whether they fit; each is a call to a worker. */
export const TOKEN_CHECK_PROMPTS_MAX = 64;
/** Of them under way at once. */
export const TOKEN_CHECKS_AT_ONCE_MAX = 4;
/** OpenAI's bounds for tools. */
export const TOOLS_MAX = 128;
export const TOOL_CALLS_MAX = 128;
export const TOOL_NAME = /^[\w-]{1,64}$/;
/** A schema or an expression. OpenAI allows 120,000 characters of names and texts in one schema. */
export const GRAMMAR_CHARACTERS_MAX = 131_072;
/** Levels of objects and lists in a schema; people nest a dozen, and each is a call within calls for who reads it. */
export const GRAMMAR_DEPTH_MAX = 128;
export const CHOICES_MAX = 1_024;

// Grammars.
/** A structure holds the schemas of up to 128 tools; as much as a request's body has. */
export const GRAMMAR_STRUCTURE_CHARACTERS_MAX = BODY_BYTES_MAX;
/** A thread that works on one grammar or one mask for this long is ended, and its other answers go on in a new one. Large schemas take 50 ms, masks 5. */
export const GRAMMAR_JOB_MS_MAX = 10_000;
/** Within which a grammar is read; answers under others wait for it. Of 400 properties it takes half a second. */
export const GRAMMAR_READ_MS_MAX = 2_000;
/** Properties of characters that one grammar may name; finding the characters of one takes 30 ms. */
export const GRAMMAR_PROPERTIES_MAX = 16;
/** A compilation waits behind others for this long; each of those before it is bounded too. */
export const GRAMMAR_WAIT_MS_MAX = 20_000;
/** Compilations that may wait; the next is refused with `overloaded`. As many as requests may wait for a slot. */
export const GRAMMAR_COMPILES_WAITING_MAX = 64;
/** About 60 MB while it is in use. A string of at most 1,000 characters takes 2,000. */
export const GRAMMAR_STATES_MAX = 300_000;
/** Places at once; 1,024 choices that begin anew are as many. Each costs half a microsecond a byte. */
export const GRAMMAR_CONFIGURATION_ITEMS_MAX = 20_000;
/** Of the configurations that one grammar remembers, some 120 bytes each; beyond it they are found anew. The grammars that are kept took 320 MB when all were ambiguous. */
export const GRAMMAR_REMEMBERED_ITEMS_MAX = 100_000;
/** Places looked at for one mask: some 50 ms, for which other answers under grammars wait. Usual ones take some thousands. */
export const GRAMMAR_WORK_MAX = 200_000;
/** Places looked at for one answer: so many at first (a quarter of a second), and so many for each token (some 2 ms). */
export const GRAMMAR_ANSWER_WORK = 1_000_000;
export const GRAMMAR_TOKEN_WORK = 10_000;
/** Masks remembered: 3,400 of a vocabulary of 152,000. */
export const GRAMMAR_MASK_BYTES_MAX = 64 * 1_048_576;
/** Of a file that --chat-template names; templates that models bring have some tens of kilobytes. */
export const TEMPLATE_FILE_BYTES_MAX = 1_048_576;
/** Of a model's name whose family is looked for, as long as a folder's can be: a rule goes through it for each word. */
export const FAMILY_NAME_CHARACTERS_MAX = 255;
/** Grammars kept ready for the next request: as many as there are tools and schemas in use at one model. */
export const GRAMMARS_KEPT_MAX = 32;
/** What a grammar thread may hold besides typed arrays; beyond it the thread is lost, and nothing else. */
export const GRAMMAR_HEAP_MIB_MAX = 1_024;
/** States of the kept grammars together, beyond which the least recently used are dropped. */
export const GRAMMAR_STATES_KEPT_MAX = 600_000;
/** Counted repetitions; a higher upper bound in a schema is taken as this one. */
export const GRAMMAR_REPETITIONS_MAX = 32_768;
/** Answers to one request under way at once: as many as a worker runs by default. */
export const CHOICES_AT_ONCE_MAX = 8;
/** Prompts of one completion request; evaluation harnesses send tens. */
export const COMPLETION_PROMPTS_MAX = 256;
/** Of them under way at once. */
export const PROMPTS_AT_ONCE_MAX = 4;
/** OpenAI's bound for `n` and `best_of`. */
export const CHOICE_COUNT_MAX = 128;
/** OpenAI's bound for `top_logprobs`. */
export const ALTERNATIVES_MAX = 20;

// Generation.
/** Sequences one bundled-model worker interleaves before others wait. */
export const SLOTS_DEFAULT = 8;
/** Slots of one worker, whatever is asked for: proxies of other servers and tests have thousands, models some hundreds at most. */
export const SLOTS_MAX = 4_096;
/** Requests that may wait for a slot; the next is refused with `overloaded`, since a longer wait is worse than a no. */
export const WAITING_MAX = 64;
/** Waiting longer than this for a slot is refused, so that a queue cannot outlive its clients. */
export const SLOT_WAIT_MS_MAX = 60_000;
/** Web → worker: until the response head. A healthy worker answers at once, also when it queues. */
export const WORKER_CONNECT_TIMEOUT_MS = 2_000;
/** Between two events of a stream; covers the slot wait and a long prefill on a slow machine. */
export const WORKER_SILENCE_MS_MAX = 90_000;
/** A worker whose model works on something without a word for its stream, a long prompt, shows so this often: an empty line, three before the limit above. */
export const WORKER_PROGRESS_INTERVAL_MS = 25_000;
/** A whole generation, however steadily it flows. */
export const GENERATION_MS_MAX = 600_000;
/** /readyz answers within this, whatever the database does: probes give up after a few seconds. */
export const READY_CHECK_MS_MAX = 2_000;
/** A process that was ready once stays so without its database, and says so within the second that Kubernetes gives a probe by default. */
export const READY_AGAIN_MS_MAX = 500;
/** Under `npm start` running answers get this long: whoever presses Ctrl-C wants it to stop, and common supervisors kill after 10 s. */
export const LAUNCHER_DRAIN_MS_MAX = 5_000;
/** A second signal within this time is npm's copy of the terminal's Ctrl-C, and not a person's second one. */
export const SAME_SIGNAL_MS = 500;
/** A child that has not ended this long after its time to drain is killed. */
export const STOP_MARGIN_MS = 3_000;
/** Draining: running answers get this long to finish. */
export const DRAIN_MS_MAX = 20_000;

// Engine threads.
/** A model of several gigabytes from a slow disk; beyond it something else is wrong. */
export const MODEL_LOAD_MS_MAX = 300_000;
/** A closing engine finishes the pass it is in: milliseconds for small models, a second or two for large ones on busy cores. */
export const ENGINE_CLOSE_MS_MAX = 3_000;
/** After an engine's death its process stays this long, so that running requests hear of it. */
export const ENGINE_DEATH_GRACE_MS = 200;
/** Answers cut off at the end of draining get this long to say so to their clients. */
export const LAST_EVENT_MS_MAX = 1_000;
/** Requests that an encoder takes at once unless told: it gives each no memory of its own, and more texts make fuller passes. */
export const ENCODER_REQUESTS_DEFAULT = 64;
/** Requests under way in an encoder, whatever is asked for: as many as a worker has sockets for. */
export const ENCODER_REQUESTS_MAX = 1_024;
/** Tokens of texts that wait for an encoder, together: half a minute for a small model, a quarter of an hour for a large one, and some 30 MB. */
export const ENCODER_WAITING_TOKENS_MAX = 1_048_576;
/** Told to clients whom a full worker refuses: about one short answer, after which a place is likely free. */
export const OVERLOADED_RETRY_AFTER_SECONDS = 2;

/** A request of a program that comes while the web process starts waits for as long: less than a worker's registration does, and more than the first schema takes. */
export const START_HOLD_MS_MAX = 3_000;

// Between web and worker.
/** A request re-encoded as message parts is longer than the body it came from; four times is never reached. One with images has 12 MiB, which hardly grow. */
export const WORKER_BODY_BYTES_MAX = 16 * BODY_BYTES_MAX;
/** Values of such a body that are not numbers: a message of one text becomes three, at a Parley that is a worker. */
export const WORKER_BODY_VALUES_MAX = 4 * BODY_VALUES_MAX;
/** Headers and body of a request must be here after this long, so that a trickling client holds no socket. */
export const WORKER_BODY_MS_MAX = 10_000;
/** Sockets a worker accepts: every slot, and some hundreds that wait or ask. Beyond it a connection is dropped, before file descriptors run out. */
export const WORKER_SOCKETS_MAX = 5_120;
/**
 * Connections that wait to be accepted while a server is at work. Node's own 511 are passed by a crowd that comes within half a
 * second, and who comes after waits for seconds or is cut off. The system may allow fewer (`net.core.somaxconn`).
 */
export const LISTEN_BACKLOG = 4_096;
/** Connections of one web process to one worker: the slots and the waiting room of the largest fit. They are opened as they are needed. */
export const WORKER_CONNECTIONS_MAX = 4_608;
/** Web → worker, calls that answer whole and take no slot (tokenize, health). */
export const WORKER_CALL_MS_MAX = 5_000;
/** Of those calls at one model, from one process: as many of the costliest (COUNTED_BYTES_MAX) end within their time. */
export const TOKENIZER_CALLS_AT_ONCE_MAX = 3;
/** More of them wait for WORKER_CALL_MS_MAX at most; most take a millisecond. */
export const TOKENIZER_CALLS_WAITING_MAX = 256;
/** A reader that takes nothing for this long while bytes wait for it has gone; its slot is freed. */
export const READER_STALL_MS_MAX = 30_000;
/** Longer than any pause of the web's connection pool: the side that reuses must not meet a socket just closed. */
export const WORKER_KEEP_ALIVE_MS = 75_000;
/** The web lets an idle connection go this long before the worker would. */
export const WORKER_IDLE_MS_MAX = 60_000;

// Pages.
/** Answers one visitor may have running at once: a battle is two, a second tab two more. */
export const VISITOR_GENERATIONS_MAX = 4;
/** An answer on a page: some 3,000 words. Without it a model of a huge context that never ends would write until time is up. */
export const ANSWER_TOKENS_MAX = 4_096;
/** Answers of a model in one conversation, all branches counted: with their prompts 10,000 messages. */
export const TURNS_MAX = 5_000;
/** Models asked how long a prompt is in their tokens: those with the shortest contexts decide. */
export const TOKEN_COUNT_MODELS_MAX = 8;
/** A partial answer is written to the database at most this often, so a killed process loses no more. */
export const ANSWER_FLUSH_INTERVAL_MS = 500;
/** Answers still marked as streaming this long after their last write belong to a process that died. */
export const ANSWER_STALE_AFTER_MS = 15_000;
/** Ratings are recomputed at most this often as votes arrive. */
export const RATING_INTERVAL_MS_MIN = 1_000;
/** A reveal waits this long for ratings that hold its vote (60 to 240 ms for 20 models and 20,000 votes, two busy cores), then shows the last ones. */
export const BOARD_WAIT_MS_MAX = 250;
/** A computation that failed, the database being away, is tried again after at most this long. */
export const RATING_RETRY_LONGEST_MS = 30_000;
/** Below this many counted votes a model's rating says "too few votes". */
export const RATED_VOTES_MIN = 3;
/** Models rated together: their equations are dense, 32 MB and some seconds at so many. */
export const RATED_MODELS_MAX = 2000;
/** A visitor's cookie: one year, as browsers cap it near that. */
export const VISITOR_COOKIE_SECONDS = 31_536_000;
/** An admin session: a working day. */
export const ADMIN_SESSION_SECONDS = 43_200;
/** Wrong admin tokens of one network in one window before it is refused: with 16 characters or more, guessing is hopeless long before. */
export const ADMIN_ATTEMPTS_MAX = 10;
export const ADMIN_ATTEMPTS_WINDOW_MS = 60_000;
/** A page's request that is not a stream; longer than the statement limit helps nobody who looks at it. */
export const PAGE_REQUEST_MS_MAX = 15_000;
/** A page's stream: a little above the silence allowed between web and worker, so that theirs is told first. */
export const PAGE_SILENCE_MS_MAX = 100_000;
/** A turn whose connection broke is joined again after the first wait; each miss doubles it up to the second. */
export const PAGE_REJOIN_MS_MIN = 250;
export const PAGE_REJOIN_MS_MAX = 8_000;
/** Typing pauses this long before the prompt is counted in tokens. */
export const TOKEN_COUNT_DELAY_MS = 400;
/** The board and the arena's status on an open page. */
export const PAGE_REFRESH_INTERVAL_MS = 5_000;
/** What waits for something to appear, and the table of workers. */
export const PAGE_REFRESH_INTERVAL_SHORT_MS = 2_000;

// Database.
/** Connections of one process: above this Postgres on a laptop gains nothing (measured: 16 clients saturate 2 cores). */
export const DATABASE_CONNECTIONS_MAX = 10;
/** No page needs a statement longer than this; a stuck one must not hold a connection. */
export const STATEMENT_TIMEOUT_MS = 15_000;

/** A process sends itself word through the database this often, to know that it would hear of changes. */
export const CHANGE_PULSE_INTERVAL_MS = 300;
/** Without word for this long it is deaf, and what it keeps in memory is read again: a revoked key is refused a second later at most. */
export const CHANGE_FEED_DEAF_AFTER_MS = 900;
/** Deaf for this long, it connects anew; a server that restarts needs one to two seconds. */
export const CHANGE_RELISTEN_AFTER_MS = 3_000;
/** What a deaf process keeps in memory is believed for this long. */
export const LIVE_COPY_AGE_MS_MAX = 500;
/** A request waits this long for it to be read again, and is then refused or served from the last one. */
export const LIVE_COPY_WAIT_MS_MAX = 800;
/** So long from a database that evidently lives, or while everything starts: a busy machine takes seconds. */
export const LIVE_COPY_SLOW_WAIT_MS_MAX = 5_000;
/** A reading without an answer for this long is given up, and the next one goes by another connection. */
export const LIVE_COPY_READ_MS_MAX = 15_000;

// Keys and usage.
/** Usage is written this often: a killed process loses no more, and replicas overshoot a limit by no more than this. */
export const USAGE_FLUSH_INTERVAL_MS = 500;
/** The keys of requests under way are looked at this often: what runs under a revoked one ends so long after the process knows of it. */
export const USAGE_REVIEW_INTERVAL_MS = 250;
/** A part of a flush without an answer for this long has failed and is done anew: by then the database has given it up itself (STATEMENT_TIMEOUT_MS). */
export const USAGE_PART_MS_MAX = STATEMENT_TIMEOUT_MS + 2_000;
/** What keys and models used before they were limited is read for so many of them in one statement (1,000 keys: 0.5 s); where that fails, again after this long. */
export const USAGE_SEEDS_MAX = 1_000;
export const USAGE_SEED_RETRY_MS = 30_000;
/** Records that wait to be written while the database is away, some 400 bytes each; the oldest beyond it are counted and dropped. */
export const USAGE_PENDING_MAX = 50_000;
/** Records in one statement. */
export const USAGE_BATCH_MAX = 1_000;
/** A record that says "running" and was not written for this long belongs to a process that died. */
export const USAGE_STALE_AFTER_MS = 15_000;
/** Single requests are kept for this long; sums by day are kept for good. */
export const USAGE_RECORD_DAYS = 90;
/** Limited keys that nobody used for this long are forgotten here; their next request waits for one reading, some milliseconds. */
export const USAGE_SUBJECT_IDLE_MS = 60_000;
/** That request waits no longer than this: with the database away, limits go on by what this process knows. */
export const USAGE_READ_WAIT_MS_MAX = 500;
/** Requests under way at a process silent for this long hold no places any more. Ten flushes, so that one slow one frees none. */
export const USAGE_PROCESS_STALE_MS = 5_000;
/** A process that ends tries this long to write its last half second. */
export const USAGE_CLOSE_MS_MAX = 2_000;
/** How often records of dead processes are looked for. */
export const USAGE_SWEEP_INTERVAL_MS = 5_000;
/** How often what is too old is deleted, and rows in one statement of it. */
export const USAGE_PRUNE_INTERVAL_MS = 600_000;
export const USAGE_PRUNE_BATCH_MAX = 5_000;
/** Requests in one list for people. */
export const USAGE_REQUESTS_LISTED_MAX = 500;
/** Keys, models or endpoints in one list of sums; the largest come first. */
export const USAGE_SUMS_LISTED_MAX = 500;
/** Keys that one server holds in memory, some 500 bytes each. */
export const API_KEYS_MAX = 100_000;
/** Of revoked keys the newest are remembered, so that their holders hear why they are refused; older ones are unknown. */
export const REVOKED_KEYS_KNOWN_MAX = 10_000;
/** Keys in one list for people; the others are found by their id or their beginning. */
export const KEYS_LISTED_MAX = 1_000;
/** A key's own list of models; who needs more means all of them. */
export const KEY_MODELS_MAX = 256;
/** Models of one fallback list. */
export const FALLBACK_MODELS_MAX = 8;
/** Models tried for one request, each at up to DISPATCH_ATTEMPTS_MAX workers: an alias split in sixteen, or two lists. */
export const ROUTE_CANDIDATES_MAX = 16;
/** Ways from its names to models that are walked for one request, microseconds each. */
export const ROUTE_WAYS_MAX = 256;
/** Aliases from a name to a model; who needs more has lost his way. */
export const ALIAS_CHAIN_MAX = 8;
/** Copies of requests under way at one process; beyond it they are dropped and counted, since nobody waits for them. */
export const MIRRORS_AT_ONCE_MAX = 8;
/** A copy that takes longer is stopped. */
export const MIRROR_MS_MAX = 120_000;
/** Buckets that an alias's sliding window is counted in: it moves by a sixtieth at a time. */
export const OUTCOME_BUCKETS = 60;
/** Answers by which a model's time to the first token is known. */
export const FIRST_TOKEN_SAMPLES_MAX = 32;
/** Older ones say nothing of now; and a model that was too slow once gets its next chance. */
export const FIRST_TOKEN_SAMPLE_MS_MAX = 300_000;
/** Ratings that `auto` chooses by are at most so old while requests come; they move slowly. */
export const RATINGS_AGE_MS_MAX = 5_000;
/** Of a caller's word on an answer. */
export const FEEDBACK_COMMENT_CHARACTERS_MAX = 4_000;
export const FEEDBACK_TAGS_MAX = 16;
/** Words on answers that keepers see at once. */
export const FEEDBACK_SHOWN_MAX = 50;
/** An answer is found by its request's id for this long, by its own for USAGE_RECORD_DAYS. */
export const FEEDBACK_REQUEST_ID_MS_MAX = 86_400_000;
/** Of the latter look-ups under way at one process: each reads a day of a caller's records, on a connection that others wait for. */
export const FEEDBACK_LOOK_UPS_MAX = 2;

// Stored responses.
/** They are kept for this long, as at OpenAI. */
export const RESPONSE_DAYS = 30;
/** Old ones are looked for this often, and deleted so many in one statement: a day's worth goes within the hour. */
export const RESPONSE_PRUNE_INTERVAL_MS = 600_000;
export const RESPONSE_PRUNE_BATCH = 1_000;
/** Background responses under way in one process: each holds its text and events, a megabyte at most for long answers. */
export const RESPONSES_BACKGROUND_MAX = 64;
/** Of one caller in one process, so that nobody takes all of them. */
export const RESPONSES_BACKGROUND_OWNER_MAX = 16;
/** Told to clients that have too many: about one answer. */
export const RESPONSES_BACKGROUND_RETRY_AFTER_SECONDS = 5;
/** Responses before a new one (`previous_response_id`); longer conversations have outgrown every context. */
export const RESPONSE_CHAIN_MAX = 256;
/** Their items together, as JSON: what a worker's body still holds. */
export const RESPONSE_CHAIN_CHARACTERS_MAX = 2 * BODY_BYTES_MAX;
/** Other responses that the references of one request may be to. */
export const RESPONSE_REFERENCES_MAX = 64;
/** Items of one page; OpenAI's numbers. */
export const RESPONSE_ITEMS_PAGE_MAX = 100;
export const RESPONSE_ITEMS_PAGE_DEFAULT = 20;
/** Models of one page, where Anthropic's clients list them; Anthropic's numbers. */
export const MODELS_PAGE_MAX = 1_000;
export const MODELS_PAGE_DEFAULT = 20;
/** Ends that wait to be written while the database is away; beyond it the sweep writes that they failed. */
export const RESPONSE_ENDS_PENDING_MAX = 1_000;

// The web server.
/** Headers of an honest client come in one or two packets; a client that drips them holds a socket. */
export const REQUEST_HEADERS_MS_MAX = 10_000;
/** Headers and body together: 1 MiB on a slow phone line takes 20 s. Answers may take longer. */
export const REQUEST_MS_MAX = 30_000;
/** Longer than the 60 s for which common reverse proxies keep a connection, so that they close first. */
export const KEEP_ALIVE_MS = 75_000;
/** A streamed answer says something this often: common reverse proxies cut one that is silent for 60 s, strict ones after 30. */
export const STREAM_KEEP_ALIVE_MS = 15_000;
/** Characters of events that leave in one write; more that are ready at once leave in the next. */
export const JOINED_CHARACTERS_MAX = 65_536;
/** A worker's lines wait this long for each other where nobody reads the answer before its end: about a token. */
export const HELD_LINES_MS_MAX = 25;
/** What a client still sends of a body that was refused is read for so long, or it would see a reset and not the refusal. */
export const REFUSED_BODY_MS_MAX = 1_000;
/** What must be written before a stopping process ends gets this long. */
export const STOP_HOOKS_MS_MAX = 1_000;
/** A stopping web process lets running answers finish for this long. */
export const WEB_DRAIN_MS_MAX = 10_000;

// The log: it must neither swell nor hold up the process that writes it.
/** Characters kept for a reader of the log that does not keep up (a launcher that was suspended); lines beyond are counted and dropped. */
export const LOG_PENDING_CHARS_MAX = 4 * 1_048_576;
/** What a process that ends gives a full pipe to take its last lines. */
export const LOG_EXIT_MS_MAX = 500;
