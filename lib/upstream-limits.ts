/** Limits of what is shown to models, and of the servers behind workers; see limits.ts for the form. */

/** Images in one message. Anthropic and OpenAI take 100 and more, in bodies larger than ours. */
export const IMAGES_MAX = 16;
/** Images in one request, which may all be elsewhere. */
export const IMAGES_A_REQUEST_MAX = 32;
/** Bytes of one image: what Anthropic's API takes at most (5 MiB), the least of the large providers. */
export const IMAGE_BYTES_MAX = 5 * 1024 * 1024;
/** Bytes of all images of one request: with its texts they have to go on to a worker in one body. */
export const IMAGES_BYTES_MAX = 8 * 1024 * 1024;
/** Bytes of a request's body where images may stand: those above in base64, and as much text as anywhere. */
export const IMAGES_BODY_BYTES_MAX = 12 * 1024 * 1024;
/** Of an image that is elsewhere: looking its host up, connecting, and reading it to its end. */
export const IMAGE_FETCH_MS_MAX = 10_000;
/** Addresses on the way to an image, its own not counted. */
export const IMAGE_REDIRECTS_MAX = 3;
/** Images that one request has fetched at a time. */
export const IMAGE_FETCHES_AT_ONCE = 4;
/** Images that this process fetches at a time, for all requests: of 5 MiB each they are 160 MiB. */
export const IMAGE_FETCHES_MAX = 32;
/** Characters of an image's address. */
export const IMAGE_URL_CHARACTERS_MAX = 4_096;

/** What an image costs a model to read, where nothing better is known: a megapixel by Anthropic's rule (width × height / 750). */
export const IMAGE_TOKENS_EXPECTED = 1_400;

/** Until an upstream's connection stands and it says its status; a cold start waits in words of its own. */
export const UPSTREAM_CONNECT_MS = 10_000;
/** Silence of an upstream in the middle of an answer before it is held for dead: reasoning models pause for minutes. */
export const UPSTREAM_SILENCE_MS_MAX = 300_000;
/** Bytes of an upstream's answer that have come in and are not read yet, before its connection is not read either: one reading of a socket. */
export const UPSTREAM_UNREAD_BYTES_MAX = 64 * 1024;
/** Bytes of one event of an upstream's stream; a tool call in one piece is a few hundred KiB at most. */
export const UPSTREAM_EVENT_BYTES_MAX = 4 * 1024 * 1024;
/** Tokens of the longest context whose prompts' ids, of seven characters and a comma at most, fit into one such event. */
export const UPSTREAM_NAMED_PROMPT_TOKENS_MAX = UPSTREAM_EVENT_BYTES_MAX / 8;
/** Bytes of an error's body that are read: enough for any provider's sentence. */
export const UPSTREAM_ERROR_BYTES_MAX = 64 * 1024;
/** Answers at once of a worker whose upstream does the work; a flag of its own sets another. */
export const UPSTREAM_SLOTS_DEFAULT = 64;
/** Context that is told for a model of which nobody says it: what nearly all of today's hold. */
export const UPSTREAM_CONTEXT_LENGTH_DEFAULT = 8_192;
/** Between two looks at whether an upstream is there and what it serves. */
export const UPSTREAM_WATCH_INTERVAL_MS = 5_000;
/** A wait that an upstream asks for (`Retry-After`) is passed on up to this; longer ones are cut to it. */
export const UPSTREAM_RETRY_AFTER_SECONDS_MAX = 3_600;
/** A question to an upstream about itself: what it serves, which server it is. */
export const UPSTREAM_LOOK_MS_MAX = 5_000;
/** Looks in a row that an upstream may leave unanswered before it is held for away; one that refuses connections is so at once. */
export const UPSTREAM_LOOKS_MISSED_MAX = 3;
/** An upstream's reply as a whole: the vectors of 2,048 texts, each of 1,024 numbers as JSON, take 24 MiB. */
export const UPSTREAM_REPLY_BYTES_MAX = 32 * 1024 * 1024;
/** Between the reason of an answer's end and all that follows it: how much it took, and the stream's own end. */
export const UPSTREAM_AFTERWORD_MS_MAX = 5_000;
/** Characters of a token in an answer, on average: blanks of source code, of which vocabularies have long rows, are no more. */
export const UPSTREAM_TOKEN_CHARACTERS_MAX = 256;
/** Characters of an answer beyond those of its tokens: some servers count no reasoning into what an answer may have. */
export const UPSTREAM_UNCOUNTED_CHARACTERS_MAX = 1_000_000;
/** What a stream says after its end is read for this long, so that its connection can be used again. */
export const UPSTREAM_LEFTOVER_MS_MAX = 1_000;
/** Between two requests to an upstream that is asked too often and does not tell for how long. */
export const UPSTREAM_PAUSE_MS = { firstMs: 1_000, longestMs: 60_000 };
/** Models of one upstream that a worker offers: what its card may hold. */
export const UPSTREAM_MODELS_MAX = 256;
/** Models of a server that nobody knows which are asked what they honour: it costs some hundred tokens each. */
export const UPSTREAM_PROBED_MODELS_MAX = 4;
/** One of these questions; a model that is loaded for it first takes a while. */
export const UPSTREAM_PROBE_MS_MAX = 30_000;
/** Until a server that was too busy for a question is asked it again: each takes a token of its time, and a place. */
export const UPSTREAM_PROBE_AGAIN_MS = 60_000;

/** Between two starts of a server that a worker launched and that died. */
export const LAUNCH_PAUSE_MS = { firstMs: 1_000, longestMs: 60_000 };
/** A launched server that has answered for this long has begun well: its next death is its first again. */
export const LAUNCH_STEADY_MS = 60_000;
/** A launched server that is told to end, before it is killed: vLLM lets its answers finish and frees its GPUs. */
export const LAUNCH_STOP_MS_MAX = 15_000;
/** Of a launched server's log, before it is put aside; one older file is kept. */
export const LAUNCH_LOG_BYTES_MAX = 16 * 1024 * 1024;
/** A launched server's last lines, which are told when it dies, and the characters of each. */
export const LAUNCH_LAST_LINES = 20;
export const LAUNCH_LINE_CHARACTERS_MAX = 1_000;

/** A module that is run as a worker and told to close, before its process ends all the same. */
export const MODULE_CLOSE_MS_MAX = 10_000;
/** Pieces that a module says without a pause before others have a turn: one that never waits would let nobody in. */
export const MODULE_PIECES_A_TURN = 32;

/**
 * What a provider signs or encrypts of one thought: Anthropic's and OpenAI's hold the whole thought, of which a
 * model writes some 20,000 tokens at most before it says a word or calls a tool.
 */
export const THOUGHT_SEAL_CHARACTERS_MAX = 262_144;
/** Of one answer; a model that thinks between its calls has one before each of those (`TOOL_CALLS_MAX`). */
export const THOUGHTS_MAX = 128;
