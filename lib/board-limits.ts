/** Limits of boards and of votes that leave the platform: each with its unit and its reason. */

// Votes that everybody may have.
/** Votes read from the database at once: some 1 MB, and 10 ms in which nobody else is answered. */
export const VOTES_A_FETCH = 1_000;
/** Sorting ten million of them, before the first is read. */
export const VOTE_READ_MS_MAX = 300_000;
/** One publication waits for another one's end so long: ten million votes are stored and computed in less. */
export const SNAPSHOT_LOCK_MS_MAX = 1_800_000;
/** Who removes a board waits for a page, and is told to come again. */
export const REMOVAL_LOCK_MS_MAX = 10_000;
/** Bytes of a stored piece of votes, compressed: what a statement writes and reads in some milliseconds. */
export const SNAPSHOT_PART_BYTES = 4 * 1_048_576;
/** Downloads of all votes at once, of which a network has one: each holds a connection of the database. */
export const VOTE_DOWNLOADS_MAX = 2;
/** Those of frozen votes, which hold a few megabytes each. */
export const FROZEN_DOWNLOADS_MAX = 16;
/** Of these, in one network: a room of people who check a board. */
export const FROZEN_DOWNLOADS_A_NETWORK_MAX = 4;
/** And no longer than this, however slowly it is read: a gigabyte at a megabyte a second. */
export const VOTE_DOWNLOAD_MS_MAX = 900_000;
/** Told to who finds them taken: about one download of a hundred thousand votes. */
export const VOTE_DOWNLOAD_RETRY_AFTER_SECONDS = 5;
/** Votes of one part of a Parquet file: each is made in memory, some 10 MB. */
export const PARQUET_GROUP_VOTES = 20_000;
/** A visitor's newest votes that their own board is made of: a lifetime's for nearly all, and 10 ms of work. */
export const PERSONAL_VOTES_MAX = 5_000;
/** Frozen boards in one list. */
export const PUBLISHED_BOARDS_MAX = 500;
export const BOARD_TITLE_CHARACTERS_MAX = 120;
/** Of the sentence with which a frozen board is removed; the public log shows it. */
export const REMOVAL_REASON_CHARACTERS_MAX = 300;
/** Publications that are remembered, for their progress and how they ended. */
export const PUBLICATIONS_KEPT = 24;
/** A publication writes how far it is this often. */
export const PUBLICATION_PROGRESS_MS = 500;
/** One without a word for so long belongs to a process that died, or to a fit that takes longer than any we know. */
export const PUBLICATION_STALE_AFTER_MS = 120_000;
/** Lines of votes of one board, unpacked: 100 million votes. */
export const VOTE_FILE_BYTES_MAX = 32 * 1_073_741_824;
/** A frozen board of 65,000 models would be as large. */
export const BOARD_FILE_BYTES_MAX = 32 * 1_048_576;
/** Fetching a stranger's votes: 1 GB at a megabyte a second. */
export const REPRODUCE_FETCH_MS_MAX = 1_800_000;
