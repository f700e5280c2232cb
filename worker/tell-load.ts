import type { LiveLoadReport } from "@/lib/protocol/registration";
import type { Admission } from "./admission";
import type { WorkMeter } from "./work-meter";

/** The load now, for whoever chooses workers. */
export function tellLoad({ running, waiting }: Running, meter: WorkMeter): LiveLoadReport {
  const { outstandingTokens, tokensPerSecond, tokensPerRequestSecond } = meter;
  const load: LiveLoadReport = { running, waiting, outstandingTokens };
  if (tokensPerSecond !== undefined) load.tokensPerSecond = tokensPerSecond;
  if (tokensPerRequestSecond !== undefined) load.tokensPerRequestSecond = tokensPerRequestSecond;
  return load;
}

/** The load as it will be when one that runs, whose work has ended, has given its slot back: to who waits, if anybody does. */
export function tellLoadWithoutOne(
  { running, waiting }: Running,
  meter: WorkMeter,
): LiveLoadReport {
  const after = waiting > 0 ? { running, waiting: waiting - 1 } : { running: running - 1, waiting };
  return tellLoad(after, meter);
}

type Running = Pick<Admission, "running" | "waiting">;
