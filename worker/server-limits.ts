import {
  GENERATION_MS_MAX,
  READER_STALL_MS_MAX,
  SLOT_WAIT_MS_MAX,
  WAITING_MAX,
  WORKER_BODY_MS_MAX,
  WORKER_PROGRESS_INTERVAL_MS,
} from "@/lib/limits";

/** What a worker's server allows; tests have others, since they cannot wait for these. */
export type ServerLimits = {
  waitingMax: number;
  slotWaitMsMax: number;
  bodyMsMax: number;
  generationMsMax: number;
  stallMsMax: number;
  /** How often a stream is told that the model works in silence. */
  progressMs: number;
};

export const SERVER_LIMITS: ServerLimits = {
  waitingMax: WAITING_MAX,
  slotWaitMsMax: SLOT_WAIT_MS_MAX,
  bodyMsMax: WORKER_BODY_MS_MAX,
  generationMsMax: GENERATION_MS_MAX,
  stallMsMax: READER_STALL_MS_MAX,
  progressMs: WORKER_PROGRESS_INTERVAL_MS,
};
