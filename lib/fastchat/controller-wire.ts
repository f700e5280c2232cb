import * as z from "zod";
import { statusSchema } from "./worker-wire";

/** What FastChat's workers and tools say to their controller (fastchat/serve/controller.py), under their names. */

const workerName = z.string().min(1).max(2_048);
const count = z.number().int().min(0).max(1_000_000);

export const fastchatRegistrationSchema = z.looseObject({
  /** The URL at which the worker is called. */
  worker_name: workerName,
  /** False: it never beats. */
  check_heart_beat: z.boolean(),
  /** Null or empty: it is to be asked. */
  worker_status: statusSchema
    .or(z.object({}).strict())
    .nullish()
    .transform((it) => (it && "model_names" in it ? it : undefined)),
});
export const fastchatHeartbeatSchema = z.looseObject({
  worker_name: workerName,
  queue_length: count,
});
export const workerAddressBodySchema = z.looseObject({ model: z.string().min(1).max(256) });

export type FastchatRegistration = z.infer<typeof fastchatRegistrationSchema>;
export type FastchatHeartbeat = z.infer<typeof fastchatHeartbeatSchema>;
