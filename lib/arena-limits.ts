/** Limits of the arena that are no rules of the game (protocol/arena-settings.ts), each with its unit and its reason. */

/** Wrong admin tokens of all networks together in one window (limits.ts): a hundred networks at once, at 10 each. */
export const ADMIN_ATTEMPTS_ALL_MAX = 1_000;
/** Networks a process remembers as an operator's: more than any has, and no memory to speak of. */
export const ADMIN_KNOWN_NETWORKS_MAX = 256;

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

// What visitors keep and make public.
/** Conversations of one page of a history: more than a screen, and a list that comes at once. */
export const HISTORY_PAGE_MAX = 30;
/** Characters of a search: a sentence. */
export const SEARCH_CHARACTERS_MAX = 256;
/** Conversations that one export of everything reads before the next: its memory, not its length. */
export const EXPORT_CONVERSATIONS_AT_ONCE = 1;
/** Public links of one conversation at once; whoever has that many forgot some. */
export const SHARES_A_CONVERSATION_MAX = 10;
/** Characters of a conversation that is made public: a page that a phone can show. */
export const SHARE_CHARACTERS_MAX = 1_000_000;
