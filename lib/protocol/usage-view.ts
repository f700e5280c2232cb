import * as z from "zod";

/** What keepers are shown of usage. */

export const USAGE_DAYS_MAX = 366;

export const usageSumSchema = z.object({
  requests: z.number(),
  /** Of them ended by an error, a passed limit or the death of their process. */
  failed: z.number(),
  /** Of them ended by a reader that left. */
  cancelled: z.number(),
  promptTokens: z.number(),
  cachedPromptTokens: z.number(),
  completionTokens: z.number(),
  costNanoDollars: z.number(),
});

/**
 * Who is charged, for people: `key:<id>`, `environment`, `anonymous`, `mirror`, or all visitors of the pages
 * together as `visitors`.
 */
export const usageOwnerSchema = z
  .string()
  .regex(
    /^(key:[0-9a-f-]{36}|environment|anonymous|mirror|visitors)$/,
    "is `key:<id>`, `environment`, `anonymous`, `mirror` or `visitors`.",
  );

const ownerFields = {
  owner: z.string(),
  /** Of a key that still has a row. */
  keyName: z.string().nullable(),
  keyPrefix: z.string().nullable(),
};

export const usageRequestSchema = z.object({
  id: z.string(),
  requestId: z.string(),
  startedAt: z.string(),
  ...ownerFields,
  endpoint: z.string(),
  asked: z.string(),
  model: z.string().nullable(),
  /** `running`, `complete`, `cancelled`, `lost` or an error code. */
  outcome: z.string(),
  promptTokens: z.number(),
  cachedPromptTokens: z.number(),
  completionTokens: z.number(),
  costNanoDollars: z.number(),
  firstTokenMs: z.number().nullable(),
  durationMs: z.number().nullable(),
});

/** Sums over days in UTC, of requests that have ended. The longest lists are cut; the largest come first. */
export const usageReportSchema = z.object({
  /** First and last day, `2026-11-21`. */
  since: z.string(),
  until: z.string(),
  total: usageSumSchema,
  /** Every day of the period. */
  days: z.array(usageSumSchema.extend({ day: z.string() })),
  keys: z.array(usageSumSchema.extend(ownerFields)),
  /** Empty where no model answered. */
  models: z.array(usageSumSchema.extend({ model: z.string() })),
  endpoints: z.array(usageSumSchema.extend({ endpoint: z.string() })),
  /** The latest, those under way included. */
  requests: z.array(usageRequestSchema),
});

export const usageQuerySchema = z.strictObject({
  days: z.coerce.number().int().min(1).max(USAGE_DAYS_MAX).default(7),
  owner: usageOwnerSchema.optional(),
});

export type UsageSum = z.infer<typeof usageSumSchema>;
export type UsageRequest = z.infer<typeof usageRequestSchema>;
export type UsageReport = z.infer<typeof usageReportSchema>;
export type UsageQuery = z.infer<typeof usageQuerySchema>;
