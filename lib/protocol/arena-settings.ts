import * as z from "zod";
import { RATED_VOTES_MIN } from "@/lib/limits";
import { TOPIC_PROMPTS_MAX, TOPIC_PROMPTS_MIN } from "@/lib/topic-limits";
import { modelNameSchema } from "./catalog";
import { textSchema } from "./well-formed-text";

/**
 * The rules of the arena, as an operator sets them on the admin page or with `npx parley arena`. Each field
 * has its default here, so that what is stored holds what was changed, and a newer version's new field
 * means something at once.
 */

const weight = z.number().min(0).max(1e6);
const share = z.number().min(0).max(1);
const count = z.number().int().min(0).max(1e9);
const line = textSchema.min(1).max(256);

/** Of one model; one that is not named is drawn with weight 1. */
export const drawRuleSchema = z.strictObject({
  model: modelNameSchema,
  /** How often it is drawn beside others; 0: never. */
  weight: weight.default(1),
  /** Multiplies its weight when it is drawn first: for newcomers. */
  boost: z.number().min(1).max(100).default(1),
  /** Rivals that it meets in `share` of its battles together. */
  targets: z.array(modelNameSchema).max(64).default([]),
  targetShare: share.default(0.5),
  /** Patterns with `*`: it meets nobody else, and nobody else meets it. Empty: anybody. */
  strictTargets: z.array(line).max(64).default([]),
  /** Drawn in battles, and shown and served by name nowhere. */
  isAnonymousOnly: z.boolean().default(false),
  /** Not drawn for now. */
  isOut: z.boolean().default(false),
});

const samplingRulesSchema = z.strictObject({
  /** `auto`: `active` once every two models have met `activeVotesMin` times in the mean, by weight before. */
  method: z.enum(["auto", "uniform", "weighted", "active"]).default("auto"),
  activeVotesMin: count.default(20),
  /** Of active draws this share is uniform, so that no pair's probability is near zero (arXiv 2403.04132, eq. 4 divides by it). */
  uniformShare: z.number().min(0.05).max(1).default(0.2),
  models: z.array(drawRuleSchema).max(1_000).default([]),
});

const paceRulesSchema = z.strictObject({
  /** Both sides are shown at the pace of the slower one until the vote. */
  isFair: z.boolean().default(true),
  /** What is ready is shown no slower than this, in characters a second. */
  charactersPerSecondMin: z.number().min(20).max(10_000).default(120),
  /** A side of a battle that has not begun by then has failed: a reserve model takes its place. */
  firstTokenSecondsMax: z.number().min(1).max(600).default(60),
});

const integrityRulesSchema = z.strictObject({
  /** A vote sooner than this after both answers could be seen whole is kept and not counted. */
  readSecondsMin: z.number().min(0).max(600).default(2),
  /** And for each 1,000 characters of both answers together so much more, up to the next. */
  readSecondsPerThousandCharacters: z.number().min(0).max(60).default(0.5),
  readSecondsMax: z.number().min(0).max(600).default(10),
  /** Votes beyond these are kept and not counted. 0: no limit. */
  votesPerVisitorAndHour: count.default(60),
  votesPerVisitorAndDay: count.default(200),
  votesPerNetworkAndDay: count.default(2_000),
  /** Turns of battles, the first and later ones, beyond these are refused. 0: no limit. */
  battlesPerVisitorAndHour: count.default(120),
  battlesPerNetworkAndHour: count.default(1_200),
  battlesPerVisitorAndDay: count.default(400),
  battlesPerNetworkAndDay: count.default(4_000),
  /** Turns of one battle before its vote, new answers to a prompt included. 0: no limit. */
  blindTurnsPerBattleMax: count.default(20),
  /** Of one prompt (without case and blanks) so many votes count in 30 days; 0: all. */
  votesPerPromptMax: count.default(50),
  /** Names, beside its own and its organisation's, by which a model would give itself away. */
  tellTales: z
    .array(z.strictObject({ model: modelNameSchema, phrases: z.array(line).max(64) }))
    .max(1_000)
    .default([]),
  /** Words that are in models' names and give nothing away. */
  innocentWords: z.array(line).max(256).default([]),
  /** Share of honest visitors whom the test of votes flags (arXiv 2403.04132, eq. 10). */
  anomalyAlpha: z.number().gt(0).max(0.5).default(0.05),
  /** Votes of a visitor with an open flag do not count until an operator dismisses it. */
  holdsFlagged: z.boolean().default(false),
});

/** Calls of visitors at one model, over all kinds of conversations. 0: no limit. */
const callRuleSchema = z.strictObject({
  perVisitorAndHour: count,
  perVisitorAndDay: count,
  perNetworkAndHour: count,
  perNetworkAndDay: count,
});
const callRulesSchema = z.strictObject({
  /** Models with a price, but for those named below. */
  priced: callRuleSchema.default({
    perVisitorAndHour: 30,
    perVisitorAndDay: 100,
    perNetworkAndHour: 150,
    perNetworkAndDay: 500,
  }),
  models: z
    .array(callRuleSchema.extend({ model: modelNameSchema }))
    .max(1_000)
    .default([]),
});

const moderationRulesSchema = z.strictObject({
  /** Regular expressions, without case; a prompt that one of them finds something in is held back. */
  patterns: z
    .array(z.strictObject({ name: line, pattern: textSchema.min(1).max(1_000) }))
    .max(256)
    .default([]),
  /** `classifier`: this Parley's own (PARLEY_MODERATION_MODEL). `endpoint`: another server of OpenAI's form. */
  judge: z.enum(["none", "classifier", "endpoint"]).default("none"),
  endpoint: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }).max(2_048),
      model: line.optional(),
    })
    .optional(),
  /** A prompt is held back where a category's score reaches this; 1: where the judge itself says so. */
  scoreMin: share.default(1),
  /** What happens while the judge does not answer. */
  whenAway: z.enum(["hold", "pass"]).default("hold"),
});

const termsRulesSchema = z.strictObject({
  /** Of the text below; another one asks everybody again. Empty: nobody is asked. */
  version: textSchema.max(64).default("1"),
  /** Markdown, shown once. */
  text: textSchema
    .max(20_000)
    .default(
      "Conversations held here may be published for research, with personal data taken out. Do not enter anything private. You can delete your conversations at any time.",
    ),
});

const humanityRulesSchema = z.strictObject({
  /** A check that a person is there, before the first battle; its secret is PARLEY_HUMANITY_SECRET. */
  isOn: z.boolean().default(false),
  siteKey: textSchema.max(256).default(""),
  scriptUrl: z
    .url({ protocol: /^https$/ })
    .max(2_048)
    .optional(),
  verifyUrl: z
    .url({ protocol: /^https?$/ })
    .max(2_048)
    .optional(),
  /** After this long it is asked again. */
  hours: z.number().min(1).max(8_760).default(24),
});

const ratingRulesSchema = z.strictObject({
  /** Of the live boards: rating/rating-options.ts says what each is. */
  preset: z.enum(["arena-rank", "fastchat"]).default("arena-rank"),
  /** A model with fewer votes on a board has no rating there, though they count for its opponents. */
  votesMin: count.min(1).default(RATED_VOTES_MIN),
  /** A rating on at most so many votes is marked as preliminary. */
  preliminaryVotesMax: count.default(100),
  /** A language with so many votes has a board. */
  languageVotesMin: count.min(1).default(100),
});

const labelRulesSchema = z.strictObject({
  /** The model that reads categories from prompts (`npx parley leaderboard label`, and a job); absent: none. */
  model: line.optional(),
  /** Prompts that the job reads in an hour; whatever is left waits. */
  promptsPerHour: z.number().int().min(1).max(100_000).default(200),
});

const topicRulesSchema = z.strictObject({
  /** Prompts of battles are sorted into topics for everybody to read, where their visitors agreed to the terms. */
  isOn: z.boolean().default(true),
  /** The newest so many are. */
  promptsMax: z.number().int().min(TOPIC_PROMPTS_MIN).max(TOPIC_PROMPTS_MAX).default(20_000),
});

export const arenaSettingsSchema = z.strictObject({
  sampling: samplingRulesSchema.prefault({}),
  pace: paceRulesSchema.prefault({}),
  integrity: integrityRulesSchema.prefault({}),
  calls: callRulesSchema.prefault({}),
  moderation: moderationRulesSchema.prefault({}),
  terms: termsRulesSchema.prefault({}),
  humanity: humanityRulesSchema.prefault({}),
  ratings: ratingRulesSchema.prefault({}),
  labels: labelRulesSchema.prefault({}),
  topics: topicRulesSchema.prefault({}),
});

export type ArenaSettings = z.infer<typeof arenaSettingsSchema>;
export type DrawRule = z.infer<typeof drawRuleSchema>;
export type SamplingRules = z.infer<typeof samplingRulesSchema>;
export type PaceRules = z.infer<typeof paceRulesSchema>;
export type IntegrityRules = z.infer<typeof integrityRulesSchema>;
export type CallRules = z.infer<typeof callRulesSchema>;
export type ModerationRules = z.infer<typeof moderationRulesSchema>;
export type TermsRules = z.infer<typeof termsRulesSchema>;
export type RatingRules = z.infer<typeof ratingRulesSchema>;
export type LabelRules = z.infer<typeof labelRulesSchema>;
export type TopicRules = z.infer<typeof topicRulesSchema>;
export type HumanityRules = z.infer<typeof humanityRulesSchema>;

export const DEFAULT_ARENA_SETTINGS: ArenaSettings = arenaSettingsSchema.parse({});
