import * as z from "zod";

export const createWorkerTokenBodySchema = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .regex(/^[^\p{Cc}]*$/u, "holds a control character"),
  /** Whether who holds it is also handed the keys of external providers. */
  readsProviderKeys: z.boolean().default(false),
});

export type CreateWorkerTokenBody = z.input<typeof createWorkerTokenBodySchema>;

/** A token that lets workers in, without itself. */
export const workerTokenViewSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  /** How it begins. */
  prefix: z.string(),
  readsProviderKeys: z.boolean(),
  state: z.enum(["live", "revoked"]),
  /** Workers awake that registered by it. */
  workers: z.number().int(),
  createdAt: z.string(),
  revokedAt: z.string().nullable(),
});

export type WorkerTokenView = z.infer<typeof workerTokenViewSchema>;
export type CreatedWorkerToken = { token: string; view: WorkerTokenView };
