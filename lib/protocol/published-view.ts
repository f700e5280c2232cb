import * as z from "zod";
import { BOARD_TITLE_CHARACTERS_MAX, REMOVAL_REASON_CHARACTERS_MAX } from "@/lib/board-limits";
import { boardKeySchema } from "./board-key-schema";
import { boardQuerySchema } from "./board-query";

/** Boards that do not change any more: what anyone is told of them, and what keepers say. */

/** What a stranger's file may ask this machine to compute. */
const RESAMPLES_MAX = 1_000;

/** How a board was computed: rating/rating-options.ts. */
export const frozenOptionsSchema = z.strictObject({
  system: z.enum(["bt", "elo"]),
  preset: z.enum(["arena-rank", "fastchat"]),
  styleControl: z.boolean(),
  position: z.boolean(),
  bootstrap: z.int().min(0).max(RESAMPLES_MAX),
  intervals: z.enum(["sandwich", "few-votes"]).optional(),
  seed: z.int().min(0),
  anchor: z.strictObject({ model: z.string(), rating: z.number() }).optional(),
  votesMin: z.int().min(0),
});

const listedBoardSchema = z.object({
  /** In its address. */
  id: z.string(),
  title: z.string(),
  /** protocol/board-key.ts; its period is `all` or a span of days. */
  key: z.string(),
  /** SHA-256 of the votes, which `…/published/[id]/votes` gives. */
  snapshotHash: z.string(),
  /** Votes in the snapshot, those on other boards included. */
  snapshotVotes: z.number().int(),
  codeVersion: z.string(),
  createdAt: z.string(),
});

/** `GET /api/leaderboard/published`: the newest first. */
export const publishedListSchema = z.object({ boards: z.array(listedBoardSchema) });

/** A board that is being published, or how that ended. */
export const publicationSchema = z.object({
  id: z.uuid(),
  title: z.string(),
  key: z.string(),
  state: z.enum(["running", "done", "failed"]),
  /** Votes that were read, of how many; all of them: the board is being computed. */
  votesDone: z.number().int(),
  votesTotal: z.number().int(),
  boardId: z.string().nullable(),
  error: z.string().nullable(),
  startedAt: z.string(),
});

/** `GET /api/admin/boards`. */
export const adminBoardsSchema = z.object({
  boards: z.array(listedBoardSchema),
  publications: z.array(publicationSchema),
  /** By which a board that is published now would be named. */
  codeVersion: z.string(),
});

/** Of an address that takes no parameter. */
export const noQuerySchema = z.strictObject({});

/** `GET /api/leaderboard/file`. */
export const boardFileQuerySchema = boardQuerySchema.extend({
  format: z.enum(["csv", "json"]).default("csv"),
});

const oneLine = (text: string) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);

export const boardTitleSchema = z
  .string()
  .trim()
  .min(1)
  .max(BOARD_TITLE_CHARACTERS_MAX)
  .refine(oneLine, "must be one line");

/** `POST /api/admin/boards`. */
export const publishBodySchema = z.strictObject({
  title: boardTitleSchema,
  ...boardKeySchema.shape,
});

/** `DELETE /api/admin/boards/[id]`: the public log shows the reason to everybody. */
export const removalBodySchema = z.strictObject({
  reason: z
    .string()
    .trim()
    .min(1)
    .max(REMOVAL_REASON_CHARACTERS_MAX)
    .refine(oneLine, "must be one line"),
});

export type FrozenOptions = z.infer<typeof frozenOptionsSchema>;
export type PublishedList = z.infer<typeof publishedListSchema>;
export type PublicationView = z.infer<typeof publicationSchema>;
export type AdminBoards = z.infer<typeof adminBoardsSchema>;
