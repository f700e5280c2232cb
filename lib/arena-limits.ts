/** Limits of the arena: each with its unit and its reason. What operators may change stands in protocol/arena-settings.ts. */

/** A turn that nobody has read for this long is stopped: whoever asked is gone for good, and tokens cost. */
export const UNREAD_TURN_MS_MAX = 120_000;
/** A reader at another web process says this often that it is there; three may be lost before a turn counts as unread. */
export const READER_SIGN_INTERVAL_MS = 30_000;
/** Both sides of a blind battle are released at this pace: fine enough to read as writing, coarse enough to cost nothing. */
export const PACE_TICK_MS = 50;
/** How often a turn of another process is looked at for its readers here. */
export const FOLLOW_INTERVAL_MS = 250;
/** Reserve models that one side of a battle may get: beyond it the fault is hardly the models'. */
export const REPLACEMENTS_A_SIDE_MAX = 2;
/** A request that stops answers waits this long to hear that they have ended; they end all the same. */
export const STOP_WAIT_MS_MAX = 2_000;
/** How long the end of an answer is tried to be written while the database is away; then another process's sweep ends it. */
export const ANSWER_END_MS_MAX = 60_000;
/** A model that was not reached is left out of draws for this long: by then its worker has come back or counts as gone. */
export const UNREACHABLE_MODEL_MS = 15_000;
/** Characters of a visitor's own words about an answer that they report. */
export const MARK_NOTE_CHARACTERS_MAX = 1_000;

// Moderation.
/** A judge of questions answers in a fraction of a second; whoever asks waits for it before anything else happens. */
export const MODERATION_CALL_MS_MAX = 5_000;
/** Of a judge's reply; OpenAI's own has 2 KiB. */
export const MODERATION_REPLY_BYTES_MAX = 262_144;
/** Of a question that was held back, as an operator sees it: enough to decide by. */
export const EVIDENCE_CHARACTERS_MAX = 8_000;
/** A check of humanity is one small form to a server far away. */
export const HUMANITY_CALL_MS_MAX = 5_000;
/** What such a server answers is a few hundred bytes. */
export const HUMANITY_REPLY_BYTES_MAX = 65_536;

/** Votes of pairs, by which pairs are drawn, are read again in each process at most this often. */
export const PAIR_SCORES_AGE_MS = 5_000;
/** And after a rest of so many times what the last reading took: counting a million votes must not become the database's main work. */
export const PAIR_SCORES_REST = 20;
/** The first draw of a process waits so long for them; then it is by weight alone. */
export const PAIR_SCORES_FIRST_WAIT_MS = 1_000;

/** Wrong admin tokens of all networks together in one window (limits.ts): a hundred networks at once, at 10 each. */
export const ADMIN_ATTEMPTS_ALL_MAX = 1_000;
/** Networks a process remembers as an operator's: more than any has, and no memory to speak of. */
export const ADMIN_KNOWN_NETWORKS_MAX = 256;

/** Old tallies are removed by a process this often; a day's are a few thousand rows. */
export const TALLY_PRUNE_INTERVAL_MS = 600_000;
/** Rows removed at once, so that the statement is over in milliseconds. */
export const TALLY_PRUNE_BATCH_MAX = 10_000;
/** Characters of a battle's answers that are read for names, newest first: 20 ms at most, in the vote's transaction. */
export const LEAK_CHARACTERS_MAX = 200_000;

/** Messages of a conversation in one reply: some 500 kB, which a page reads in a dozen milliseconds. */
export const MESSAGES_SHOWN_AT_ONCE = 1_000;

// What visitors keep and make public.
/** Conversations of one page of a history: more than a screen, and a list that comes at once. */
export const HISTORY_PAGE_MAX = 30;
/** Characters of a search: a sentence. */
export const SEARCH_CHARACTERS_MAX = 256;
/** Public links of one conversation at once; whoever has that many forgot some. */
export const SHARES_A_CONVERSATION_MAX = 10;
/** Characters of a conversation that is made public: a page that a phone can show, and less than a second's search for personal data. */
export const SHARE_CHARACTERS_MAX = 250_000;
/** Pictures of public conversations kept ready, some 60 kB each: drawing one takes a processor 0.2 s. */
export const SHARE_PICTURES_KEPT_MAX = 64;
/** Voters who wait for the test of their votes: each takes milliseconds, and who is left out comes again with the next vote. */
export const VOTERS_WAITING_MAX = 10_000;

/** Changes of the arena's rules that an operator sees at once. */
export const RULES_HISTORY_MAX = 50;
/** Days that visitors' words are kept after an operator has decided of them: long enough to look again. */
export const REVIEW_KEPT_DAYS = 90;
/** Reviews on one page for keepers; more wait until these are decided. */
export const REVIEWS_SHOWN_MAX = 100;
/** Reports and held-back questions of one visitor that wait at once: enough to judge by, and no room to hide others' reviews. */
export const OPEN_REVIEWS_A_VISITOR_MAX = 20;
/** Excluded visitors that can be restored on the page; others by their id. */
export const EXCLUDED_SHOWN_MAX = 200;
/** Lines of the public log at once. */
export const PUBLIC_LOG_PAGE_MAX = 100;
/** Sets of models whose pairs a process has worked out: all that are awake, and those without one that is away. */
export const PAIR_TABLES_MAX = 8;

// What became of models, and days of the site.
/** A model that no worker has offered for so long is retired: a month is longer than repairs, holidays and most moves of a fleet. */
export const RETIRED_AFTER_DAYS = 30;
/** How often it is written down which models are offered, and looked whether one has not been for too long. */
export const MODEL_KEEPING_SECONDS = 3_600;
/** A process that runs for less retires nothing: after a long stop the platform is up before its workers are. */
export const MODEL_KEEPING_SETTLED_MS = 3_600_000;
/** Models whose first battle a process knows of, some 100 bytes each; beyond it they are asked for anew. */
export const LEDGER_MODELS_REMEMBERED_MAX = 10_000;
/** Models of one organization that a model's page lists, the newest first. */
export const VARIANTS_SHOWN_MAX = 200;
/** Votes on a private model are told in steps of so many: exact ones would tell whoever has just voted whether it was on them. */
export const PRIVATE_VOTES_STEP = 100;
/** Those are counted again after this long. */
export const PRIVATE_VOTES_AGE_MS = 60_000;
/** An open page of a model is read again this often: the board is where votes are watched coming in. */
export const MODEL_PAGE_REFRESH_MS = 30_000;
/** A number of fewer people or acts than this is not told of a day: five is what official statistics ask for most. */
export const STATS_GROUP_MIN = 5;
/** Days of one reply: a year and its leap day. */
export const STATS_DAYS_MAX = 366;
/** Today is counted anew after this long. */
export const STATS_TODAY_AGE_MS = 60_000;
/** Days that one run of the job sums; more of them wait for the next one, an hour later. */
export const STATS_DAYS_A_RUN_MAX = 100;
/** How often it is looked whether a day has ended and waits for its sums. */
export const STATS_KEEPING_SECONDS = 3_600;

// Boards.
/** Boards on request that one network may have computed in an hour: with its switches a person comes to a dozen. */
export const BOARD_REQUESTS_PER_HOUR = 60;

/**
 * Draw rules, up to which workers may add some by offering models to battles alone. Of the 1,000 that there may be
 * operators keep half, whoever holds a worker's token.
 */
export const OFFERED_RULES_MAX = 500;
