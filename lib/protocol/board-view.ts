import * as z from "zod";
import { STATS_DAYS_MAX } from "@/lib/arena-limits";
import { ratingStatusSchema } from "./arena-view";
import { BOARD_PERIODS } from "./board-key";
import { boardKeySchema } from "./board-key-schema";
import { frozenOptionsSchema } from "./published-view";
import { MODEL_FEATURES, modelDescriptionSchema } from "./worker-card";

/** Boards as they are stored and as pages get them. Ratings are points: a tenfold in odds is 400, the mean 1000. */

const numbers = z.array(z.number());

/** What can become of a model. */
export const ledgerKindSchema = z.enum([
  ...(["registered", "first-battle", "made-private", "made-public"] as const),
  ...(["withdrawn", "restored", "retired", "returned", "imported"] as const),
]);

/** What a computation says of one model. Only a `rated` one has figures; ranks are those that intervals allow. */
export const boardEntrySchema = z.object({
  status: ratingStatusSchema,
  rating: z.number().nullable(),
  /** 95 % interval. */
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  /** One more than the models whose whole interval lies above this one's. */
  rank: z.number().int().nullable(),
  /** The best and the worst rank that the intervals allow. */
  rankBest: z.number().int().nullable(),
  rankWorst: z.number().int().nullable(),
  votes: z.number().int(),
  wins: z.number().int(),
  losses: z.number().int(),
  ties: z.number().int(),
});

/** What one thing does to votes, in natural log-odds a standard deviation; of `position`, of standing first. */
export const coefficientSchema = z.object({
  name: z.enum(["tokens", "headers", "lists", "bold", "position"]),
  value: z.number(),
  lower: z.number(),
  upper: z.number(),
});

/** A stored board: best first, those without a rating last. */
export const boardBodySchema = z.object({
  entries: z.array(boardEntrySchema.extend({ modelId: z.uuid() })),
  coefficients: z.array(coefficientSchema),
});

/** `GET /api/leaderboard/pairs`. Of each pair of rated models, best first: row against column. */
export const pairTableSchema = z.object({
  /** Ids as stored, names as shown. */
  models: z.array(z.string()),
  /** Votes on the pair. */
  votes: z.array(numbers),
  /** Of these, ties and votes that both were bad. */
  ties: z.array(numbers),
  /** Share of decided votes that the row won; null where there was none. */
  wins: z.array(z.array(z.number().nullable())),
  /** Probability that the row wins, by the ratings. */
  expected: z.array(numbers),
  /** By model, the mean of `wins` over its opponents; null where it has none. */
  averageWins: z.array(z.number().nullable()),
});

export const priceViewSchema = z.object({
  /** Dollars a million tokens. */
  inputPerMillion: z.number(),
  outputPerMillion: z.number(),
});

/** What a model is, beside what votes say of it: the same on every page. */
export const modelFactsSchema = z.object({
  model: z.string(),
  slug: z.string(),
  organization: z.string().nullable(),
  licence: z.string().nullable(),
  /** Null where nobody said. */
  hasOpenWeights: z.boolean().nullable(),
  /** Tokens; null where nobody said. */
  contextLength: z.number().nullable(),
  isRetired: z.boolean(),
  isAwake: z.boolean(),
  price: priceViewSchema.nullable(),
  /** Medians as served here lately; null where nothing was. */
  firstTokenMs: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
});

export const boardRowSchema = boardEntrySchema.extend({
  ...modelFactsSchema.shape,
  /** Rated on so few votes that it may move far yet. */
  isPreliminary: z.boolean(),
});

/** `GET /api/leaderboard?category&language&style&period`. */
export const boardViewSchema = z.object({
  key: boardKeySchema,
  /** ISO 8601; null: nothing was computed yet. */
  computedAt: z.string().nullable(),
  voteCount: z.number().int(),
  /** Changes whenever the board does. */
  fingerprint: z.string(),
  method: z.string(),
  rows: z.array(boardRowSchema),
  coefficients: z.array(coefficientSchema),
  /** A computation of this board that is under way. */
  progress: z.object({ done: z.number().int(), total: z.number().int() }).nullable(),
});

/** `GET /api/leaderboard/choices`: what there is to switch to, with the votes in it. */
export const boardChoicesSchema = z.object({
  categories: z.array(
    z.object({ category: boardKeySchema.shape.category, votes: z.number().int() }),
  ),
  /** Languages with enough votes for a board, the most used first. */
  languages: z.array(z.object({ language: z.string(), votes: z.number().int() })),
  periods: z.array(z.enum(BOARD_PERIODS)),
  published: z.array(
    z.object({ id: z.string(), title: z.string(), key: z.string(), createdAt: z.string() }),
  ),
});

/** `GET /api/leaderboard/overview?style&period`: models against categories and languages. */
export const overviewSchema = z.object({
  columns: z.array(z.object({ key: z.string(), label: z.string(), votes: z.number().int() })),
  rows: z.array(
    z.object({
      ...modelFactsSchema.shape,
      /** In the order of the columns; null where the model has no rating there. */
      cells: z.array(
        z
          .object({ rating: z.number(), rank: z.number().int(), isPreliminary: z.boolean() })
          .nullable(),
      ),
    }),
  ),
});

/** `GET /api/leaderboard/history?category&…&model=a&model=b`: ratings over time, days in UTC. */
export const ratingHistorySchema = z.object({
  days: z.array(z.string()),
  /** The last of the days whose scores were computed later, from votes that were moved in; null: none was. */
  laterUntil: z.string().nullable(),
  models: z.array(
    z.object({
      model: z.string(),
      /** In the order of the days; null where it had none. */
      points: z.array(
        z.object({ rating: z.number(), lower: z.number(), upper: z.number() }).nullable(),
      ),
    }),
  ),
});

/** `GET /api/leaderboard/mine`: from the visitor's own blind votes alone. */
export const personalBoardSchema = z.object({
  votes: z.number().int(),
  /** Of them, those that count on the public board; the visitor's own is made of all. */
  counted: z.number().int(),
  /** There are older ones, which were not read. */
  isCut: z.boolean(),
  rows: z.array(
    z.object({
      ...{ model: z.string(), slug: z.string(), status: ratingStatusSchema },
      ...{ rating: z.number().nullable(), lower: z.number().nullable() },
      ...{ upper: z.number().nullable(), rank: z.number().int().nullable() },
      ...{ votes: z.number().int(), wins: z.number().int() },
      ...{ losses: z.number().int(), ties: z.number().int() },
    }),
  ),
});

/** `GET /api/leaderboard/published/[id]`: frozen, and computed again by `npx parley leaderboard reproduce`. */
export const publishedBoardSchema = z.object({
  id: z.string(),
  title: z.string(),
  key: z.string(),
  /** SHA-256 of the votes, which `…/published/[id]/votes` gives, and how many they are. */
  snapshotHash: z.string(),
  snapshotVotes: z.number().int(),
  codeVersion: z.string(),
  createdAt: z.string(),
  /** SHA-256 of the board's own file, `…/published/[id]/board`. */
  boardHash: z.string(),
  options: frozenOptionsSchema,
  /** Votes on this board. */
  voteCount: z.number().int(),
  rows: z.array(boardEntrySchema.extend({ model: z.string() })),
  coefficients: z.array(coefficientSchema),
});

/** What a model did against one other. */
const opponentSchema = z.object({
  model: z.string(),
  slug: z.string(),
  ...{ votes: z.number().int(), wins: z.number().int() },
  ...{ losses: z.number().int(), ties: z.number().int() },
  /** By the ratings; null where one has none. */
  expected: z.number().nullable(),
});

/** `GET /api/leaderboard/pairs?…&model=a`: one model against each other, the most votes first. */
export const opponentListSchema = z.object({ opponents: z.array(opponentSchema) });

/** `GET /api/models/[slug]`. */
export const modelPageSchema = z.object({
  facts: modelFactsSchema,
  description: modelDescriptionSchema,
  /** What it can be asked for; while it sleeps, what it could be asked for last. */
  features: z.array(z.enum(MODEL_FEATURES)),
  isWithdrawn: z.boolean(),
  /** Whether people may choose it by its name on the pages, and programs ask for it. */
  isDirect: z.boolean(),
  isApi: z.boolean(),
  /** Its place on each standing board of all times, the overall one first. */
  places: z.array(
    boardEntrySchema.extend({
      key: z.string(),
      /** Rated ones on that board. */
      models: z.number().int(),
    }),
  ),
  /** Against each opponent on the overall board, the most votes first. */
  opponents: z.array(opponentSchema),
  /** What became of it, the newest first. */
  ledger: z.array(
    z.object({
      kind: ledgerKindSchema,
      /** ISO 8601; of a first battle the day alone (UTC), and none before the day after it has ended. */
      at: z.string(),
      /** Counted votes on it at that moment; null: nobody wrote them down. */
      votes: z.number().int().nullable(),
      /**
       * Why it was retired or is back: nobody offered it, a worker offers it again, an operator said so. Of
       * `registered`: it is known by votes that were moved in, and not by a worker.
       */
      by: z.enum(["absence", "offer", "operator", "import"]).nullable(),
    }),
  ),
  /** Every model of its organization that was in a battle, the newest first. */
  variants: z.array(
    z.object({
      /** Null of a private one, of which days (UTC) are told in place of moments, and votes rounded down and a day late. */
      model: z.string().nullable(),
      slug: z.string().nullable(),
      registeredAt: z.string(),
      /** A day (UTC) of all of them. */
      firstBattleAt: z.string(),
      withdrawnAt: z.string().nullable(),
      retiredAt: z.string().nullable(),
      /** Null of a private one. */
      isAwake: z.boolean().nullable(),
      votes: z.number().int(),
    }),
  ),
});

export const siteStatsQuerySchema = z.strictObject({
  days: z
    .string()
    .regex(/^\d{1,3}$/, "is not a number of days")
    .transform(Number)
    .pipe(z.number().min(1).max(STATS_DAYS_MAX))
    .default(90),
});

/** Of a day: null is of fewer people than STATS_GROUP_MIN and more than none; keys are people, and so is who calls without one. */
const dayCount = z.number().int().nullable();

/** `GET /api/stats?days=90`: days in UTC, the earliest first, the last one today until now. */
export const siteStatsSchema = z.object({
  days: z.array(
    z.object({
      day: z.string(),
      /** Answers asked of models, on pages and by programs. */
      calls: dayCount,
      battles: dayCount,
      /** Blind votes, counted or not. */
      votes: dayCount,
      /** Who asked something on a page. */
      visitors: dayCount,
    }),
  ),
  /** Of questions that were voted on: votes in the order of the days. Small groups stand together as `other`. */
  languages: z.array(z.object({ language: z.string(), days: z.array(dayCount) })),
  /** Of the days whose votes are told. */
  outcomes: z.object({
    a: z.number().int(),
    b: z.number().int(),
    tie: z.number().int(),
    bothBad: z.number().int(),
  }),
});

/** `GET /api/explore`, and with `?topic=ID` one topic with its examples and its board. */
export const topicListSchema = z.object({
  /** Null: nothing was sorted yet. */
  sortedAt: z.string().nullable(),
  prompts: z.number().int(),
  topics: z.array(
    z.object({
      id: z.uuid(),
      parentId: z.uuid().nullable(),
      name: z.string(),
      terms: z.array(z.string()),
      prompts: z.number().int(),
      votes: z.number().int(),
    }),
  ),
});
export const topicSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  terms: z.array(z.string()),
  prompts: z.number().int(),
  votes: z.number().int(),
  examples: z.array(z.object({ text: z.string(), language: z.string().nullable() })),
  rows: z.array(
    boardEntrySchema.extend({
      ...{ model: z.string(), slug: z.string(), isPreliminary: z.boolean() },
    }),
  ),
});

export type BoardEntryView = z.infer<typeof boardEntrySchema>;
export type Coefficient = z.infer<typeof coefficientSchema>;
export type BoardBody = z.infer<typeof boardBodySchema>;
export type PairTable = z.infer<typeof pairTableSchema>;
export type ModelFacts = z.infer<typeof modelFactsSchema>;
export type BoardRow = z.infer<typeof boardRowSchema>;
export type BoardView = z.infer<typeof boardViewSchema>;
export type BoardChoices = z.infer<typeof boardChoicesSchema>;
export type Overview = z.infer<typeof overviewSchema>;
export type RatingHistory = z.infer<typeof ratingHistorySchema>;
export type PersonalBoard = z.infer<typeof personalBoardSchema>;
export type PublishedBoard = z.infer<typeof publishedBoardSchema>;
export type OpponentView = z.infer<typeof opponentSchema>;
export type OpponentList = z.infer<typeof opponentListSchema>;
export type ModelPage = z.infer<typeof modelPageSchema>;
export type SiteStats = z.infer<typeof siteStatsSchema>;
export type TopicList = z.infer<typeof topicListSchema>;
export type Topic = z.infer<typeof topicSchema>;
