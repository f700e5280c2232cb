import { env } from "@/lib/env";
import {
  HEARTBEAT_INTERVAL_MS,
  PICTURE_INTERVAL_MS,
  PICTURE_WAIT_MS_MAX,
  PROBE_MS_MAX,
  PROBE_RETRY_FIRST_MS,
  PROBE_RETRY_LONGEST_MS,
  PROBES_MAX,
  SWEEP_INTERVAL_MS,
  WORKER_GONE_SHOWN_MS,
  WORKER_STALE_AFTER_MS,
} from "@/lib/fleet-limits";
import { assert } from "@/lib/util/assert";
import type { BreakerLimits } from "./circuit-breaker";

/** How a controller keeps time; lib/limits.ts says why each is what it is. All in milliseconds but `probesMax`. */
export type ControllerConfig = {
  /** Told to workers with every reply. */
  heartbeatIntervalMs: number;
  /** A worker that was not heard for so long, and does not answer, is lost. */
  staleAfterMs: number;
  pictureIntervalMs: number;
  pictureWaitMsMax: number;
  sweepIntervalMs: number;
  probeMsMax: number;
  /** Probes at once. */
  probesMax: number;
  probeRetryFirstMs: number;
  probeRetryLongestMs: number;
  /** How long one that is gone is shown, and asked for. */
  goneShownMs: number;
};

export const CONTROLLER_DEFAULTS: ControllerConfig = {
  heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  staleAfterMs: WORKER_STALE_AFTER_MS,
  pictureIntervalMs: PICTURE_INTERVAL_MS,
  pictureWaitMsMax: PICTURE_WAIT_MS_MAX,
  sweepIntervalMs: SWEEP_INTERVAL_MS,
  probeMsMax: PROBE_MS_MAX,
  probesMax: PROBES_MAX,
  probeRetryFirstMs: PROBE_RETRY_FIRST_MS,
  probeRetryLongestMs: PROBE_RETRY_LONGEST_MS,
  goneShownMs: WORKER_GONE_SHOWN_MS,
};

/** The defaults with what differs from them, held to how they hang together. */
export function toControllerConfig(changes: Partial<ControllerConfig> = {}): ControllerConfig {
  const config = { ...CONTROLLER_DEFAULTS, ...changes };
  assert(
    config.staleAfterMs > config.heartbeatIntervalMs,
    "a worker is not lost before its next beat is due",
  );
  assert(config.probesMax > 0, "a controller may ask at least one worker at a time");
  return config;
}

/** As the environment and the file of settings have it. */
export function controllerConfig(): Partial<ControllerConfig> {
  const settings = env();
  return {
    heartbeatIntervalMs: settings.PARLEY_HEARTBEAT_INTERVAL_MS,
    staleAfterMs: settings.PARLEY_WORKER_STALE_AFTER_MS,
    probeMsMax: settings.PARLEY_PROBE_TIMEOUT_MS,
    probeRetryLongestMs: settings.PARLEY_PROBE_RETRY_LONGEST_MS,
  };
}

/** Of workers that fail, from the same place. */
export function breakerLimits(): Partial<BreakerLimits> {
  const settings = env();
  return {
    faultsMax: settings.PARLEY_BREAKER_FAULTS_MAX,
    openMs: settings.PARLEY_BREAKER_OPEN_MS,
  };
}
