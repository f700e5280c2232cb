import * as z from "zod";
import { workerCardSchema } from "./worker-card";

/** Worker → controller: register, heartbeat, leave. All carry the shared secret as a Bearer token. */

/** What changes from beat to beat. */
export const workerLoadSchema = z.object({
  state: z.enum(["ready", "draining"]),
  running: z.number().int().min(0),
  waiting: z.number().int().min(0),
  /** Totals since the process began. */
  counters: z.object({
    requests: z.number().int().min(0),
    failures: z.number().int().min(0),
    promptTokens: z.number().int().min(0),
    completionTokens: z.number().int().min(0),
  }),
});

export const registerBodySchema = z.object({
  /** Drawn at the start of the process: the same address with another instance is another life. */
  instanceId: z.uuid(),
  /** Base URL under which the controller reaches the worker. */
  address: z.url(),
  card: workerCardSchema,
  load: workerLoadSchema,
});
export const registerReplySchema = z.object({
  workerId: z.uuid(),
  heartbeatIntervalMs: z.number().int().positive(),
});

/** Answered 404 when the controller has forgotten the worker: register again. */
export const heartbeatBodySchema = z.object({ instanceId: z.uuid(), load: workerLoadSchema });
export const heartbeatReplySchema = z.object({ heartbeatIntervalMs: z.number().int().positive() });

export type WorkerLoad = z.infer<typeof workerLoadSchema>;
export type RegisterBody = z.infer<typeof registerBodySchema>;
export type RegisterReply = z.infer<typeof registerReplySchema>;
export type HeartbeatBody = z.infer<typeof heartbeatBodySchema>;
export type HeartbeatReply = z.infer<typeof heartbeatReplySchema>;
