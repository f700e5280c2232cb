import * as z from "zod";
import { lineSchema } from "./well-formed-text";
import { workerCardSchema } from "./worker-card";

/**
 * Worker → controller: register, heartbeat, leave. All carry the secret that all workers share, or a
 * token of the worker's own, as a Bearer token.
 */

/** How much a worker has to do at a moment; it rides on heartbeats and on answers. */
export const liveLoadSchema = z.object({
  running: z.number().int().min(0),
  waiting: z.number().int().min(0),
  /** Tokens still to be read and, by what requests allow, written, over all requests there. Absent: unknown. */
  outstandingTokens: z.number().int().min(0).optional(),
  /** Tokens it wrote a second lately, over all requests, while it had any. Absent: unknown. */
  tokensPerSecond: z.number().min(0).optional(),
  /** Of these, what each request got that ran: unlike their sum the same at a full worker and at one with a single request, as long as they do not slow each other down. Absent: unknown. */
  tokensPerRequestSecond: z.number().min(0).optional(),
});

/** What changes from beat to beat. */
export const workerLoadSchema = z.object({
  state: z.enum(["starting", "ready", "draining"]),
  ...liveLoadSchema.shape,
  /** Totals since the process began. */
  counters: z.object({
    requests: z.number().int().min(0),
    failures: z.number().int().min(0),
    promptTokens: z.number().int().min(0),
    completionTokens: z.number().int().min(0),
  }),
});

export const registerBodySchema = z
  .object({
    /** Drawn at the start of the process: the same address with another instance is another life. */
    instanceId: z.uuid(),
    /** Base URL under which the controller reaches the worker. */
    address: z.url(),
    card: workerCardSchema,
    load: workerLoadSchema,
    /** Names of models that it is loading, while its state is `starting`: its card then names none. */
    starting: z.array(lineSchema.min(1).max(256)).max(256).optional(),
  })
  .superRefine(({ card, load, starting = [] }, context) => {
    const isStarting = load.state === "starting";
    if (!isStarting && card.models.length === 0) {
      const message = "must name a model, unless the worker's state is `starting`";
      context.addIssue({ code: "custom", path: ["card", "models"], message });
    }
    if (!isStarting && starting.length > 0) {
      const message = "is for a worker whose state is `starting`";
      context.addIssue({ code: "custom", path: ["starting"], message });
    }
  });

/** What every reply to a worker holds. */
const replyFields = {
  heartbeatIntervalMs: z.number().int().positive(),
  /** With what the web calls a worker that knows only a token of its own; the newest one counts. */
  callSecret: z.string().min(16).max(256).optional(),
};

export const registerReplySchema = z.object({ workerId: z.uuid(), ...replyFields });

/** Answered 404 when the controller has forgotten the worker: register again. */
export const heartbeatBodySchema = z.object({ instanceId: z.uuid(), load: workerLoadSchema });
export const heartbeatReplySchema = z.object({
  ...replyFields,
  /** What an operator wants of it: to take nothing new, or to end when its answers are out. */
  order: z.enum(["drain", "leave"]).optional(),
});

export type LiveLoadReport = z.infer<typeof liveLoadSchema>;
export type WorkerLoad = z.infer<typeof workerLoadSchema>;
export type RegisterBody = z.infer<typeof registerBodySchema>;
export type RegisterReply = z.infer<typeof registerReplySchema>;
export type HeartbeatBody = z.infer<typeof heartbeatBodySchema>;
export type HeartbeatReply = z.infer<typeof heartbeatReplySchema>;
