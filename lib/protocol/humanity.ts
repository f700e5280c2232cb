import * as z from "zod";

/** What pages and `/api/humanity` say to each other: moderation/humanity.ts. */

export const humanityViewSchema = z.object({
  /** Whether this visitor has to show it before the next question. */
  isDue: z.boolean(),
  siteKey: z.string(),
  scriptUrl: z.string().nullable(),
});
export const humanityBodySchema = z.strictObject({
  /** What the script of the check gave the page; such tokens have up to 2 KiB. */
  token: z.string().min(1).max(8_192),
});

export type HumanityView = z.infer<typeof humanityViewSchema>;
