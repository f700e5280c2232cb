/** Limits of files of votes: each with its unit and its reason. */

/** What of a file is in memory at once: reads of half of it are as fast as larger ones. */
export const VOTE_WINDOW_BYTES = 4 * 1_048_576;
/** One vote, with the conversations that others publish beside it; the longest known have some megabytes. */
export const VOTE_RECORD_BYTES_MAX = 64 * 1_048_576;
/** A row whose quote or brace does not end is waited for so long; then it alone is given up, and those behind it are read. The longest known rows have half of it. */
export const UNENDED_ROW_BYTES_MAX = 16 * 1_048_576;
/** Elements of a list that are given up so: each may have been looked through to the list's end. */
export const BROKEN_ELEMENTS_MAX = 100;
/** Rows that cannot be read and are told one by one; all are counted. */
export const BAD_ROWS_TOLD_MAX = 20;
/** Models of one file: two bytes each in columns of votes. */
export const VOTE_MODELS_MAX = 65_536;
/** Characters of a model's name, as in requests; longer ones are no names. */
export const VOTE_NAME_CHARACTERS_MAX = 256;
/** Forms of records that are known by heart; a file has one or two. */
export const RECORD_SHAPES_MAX = 4;
/** Votes of one file that are moved into the database: some minutes, and 250 MB to know which of them are alike. */
export const VOTES_IMPORTED_MAX = 10_000_000;
/** Written by one statement, 40 ms; others' statements come between. */
export const VOTES_A_BATCH = 2_000;
/** Resamples that a command computes; quantiles of 10,000 are known to a hundredth of the interval, at minutes for many models. */
export const BOOTSTRAP_ROUNDS_MAX = 10_000;
