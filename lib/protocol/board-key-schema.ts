import * as z from "zod";
import { BOARD_PERIODS, type BoardKey, CATEGORIES, isSpan } from "./board-key";

/** Beside board-key.ts, so that pages name boards without the library that checks requests. */
export const boardKeySchema = z.strictObject({
  category: z.enum(CATEGORIES).default("overall"),
  /** BCP 47 primary language of the prompts; null: all. */
  language: z
    .stringFormat("language", /^[a-z]{2,3}$/)
    .nullable()
    .default(null),
  /** Length and markdown taken out. */
  style: z.boolean().default(false),
  period: z
    .union([
      z.enum(BOARD_PERIODS),
      z
        .string()
        .refine(
          isSpan,
          'is no span of days such as "2026-01-01..2026-03-31", or ends before it begins',
        ),
    ])
    .default("all"),
}) satisfies z.ZodType<BoardKey>;
