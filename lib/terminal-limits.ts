/** Limits of the terminal: its unit is in each name, its reason beside it. */

/** A model that is listed in ten seconds is not listed in a minute either. */
export const CHAT_LIST_MS_MAX = 10_000;
/** Without a byte of an answer: a long prompt on a slow machine is minutes, and somebody sits there with Ctrl-C. */
export const CHAT_SILENCE_MS_MAX = 600_000;
/** What is read of a pipe or a typed message before it is refused: the API takes bodies of 1 MiB. */
export const CHAT_PROMPT_CHARACTERS_MAX = 1_000_000;
/** A saved conversation: a thousand turns of a thousand words are 12 MB. */
export const CHAT_FILE_BYTES_MAX = 16_777_216;
/** A server's refusal, which is a sentence; the rest of a page in its place is not read. */
export const CHAT_ERROR_BYTES_MAX = 65_536;
/** Prompts that arrow keys bring back, over all chats; bash keeps 500, zsh as many as it is told. */
export const CHAT_HISTORY_ENTRIES_MAX = 1_000;
/** One of them; a pasted file is sent and not remembered. */
export const CHAT_HISTORY_ENTRY_CHARACTERS_MAX = 8_192;
/** Twenty-five drawings a second look like writing, and cost a remote terminal little. */
export const CHAT_FRAME_MS = 40;
/** Two presses of Ctrl-C in this time leave; a second thought takes longer. */
export const CHAT_LEAVE_MS_MAX = 2_000;
/** Below it two columns have fewer than 38 letters each, and stand below each other instead. */
export const COMPARE_COLUMNS_MIN = 80;
/** Rows of a table whose columns are as wide as their widest cell; what follows begins a new one. */
export const TABLE_ROWS_MAX = 256;
/** Emphasis within emphasis; deeper is shown as it was written. */
export const INLINE_DEPTH_MAX = 8;
/** Models whose names an error lists. */
export const NAMES_TOLD_MAX = 20;
/** A second: workers report every five, and a person looks no faster. */
export const STATUS_WATCH_MS = 1_000;
/** What `parley doctor` waits for each thing that may not answer. */
export const DOCTOR_ASK_MS_MAX = 5_000;
/** Below it a build or a model's first load may not fit; both together take about as much. */
export const DOCTOR_DISK_BYTES_MIN = 1_073_741_824;
/** Below it the platform, its database and three small models do not fit beside each other. */
export const DOCTOR_MEMORY_BYTES_MIN = 2_147_483_648;
