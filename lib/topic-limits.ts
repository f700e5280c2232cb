/** Limits of topics: each with its unit and its reason. */

/** The newest prompts that are sorted where the rules say no less: some 30 s of one core and 200 MB. */
export const TOPIC_PROMPTS_MAX = 100_000;
/** Fewer say nothing of what battles are about. */
export const TOPIC_PROMPTS_MIN = 30;
/** Characters of a prompt that are read for its topic: what it is about stands at its beginning. */
export const TOPIC_CHARACTERS_MAX = 2_000;
/** Visitors who must have used a word before it is shown, and asked within a topic before it is told or shows examples: fewer could be known by it. */
export const TOPIC_VISITORS_MIN = 3;
/** Below this many prompts a topic is no topic, and its prompts stand among the others. */
export const TOPIC_SIZE_MIN = 5;
/** Topics at the top: what a page shows at a glance. */
export const TOPICS_MAX = 24;
/** Topics within one, and the prompts that one must have before it is divided. */
export const SUBTOPICS_MAX = 8;
export const SUBTOPIC_PROMPTS_MIN = 40;
/** Words that are told apart; rarer ones say little of a hundred thousand prompts. */
export const TOPIC_TERMS_MAX = 30_000;
/** Directions in which prompts may differ. */
export const TOPIC_DIMENSIONS_MAX = 64;
/** Words that a topic is described by. */
export const TOPIC_TERMS_SHOWN = 8;
/** Prompts that stand for a topic, and characters of each. */
export const TOPIC_EXAMPLES_MAX = 8;
export const TOPIC_EXAMPLE_CHARACTERS_MAX = 400;
/** Counted votes before a topic has a board. */
export const TOPIC_BOARD_VOTES_MIN = 10;
/** Prompts in one reading: under the limit of a statement by far. */
export const TOPIC_PAGE_PROMPTS = 2_000;
/** The process that sorts also serves: it takes so long without a pause. */
export const TOPIC_STEP_MS = 10;
/** A sorting that is still under way after this long has died with its process. */
export const TOPIC_RUN_MS_MAX = 3_600_000;
/** Prompts are sorted anew this often. */
export const TOPIC_INTERVAL_SECONDS = 86_400;
