import { EXTERNAL_WORKER_LOOK_MS } from "@/lib/provider-limits";
import { log } from "@/lib/telemetry/log";
import { wait } from "@/lib/util/wait";
import { providers } from "./providers";

/**
 * Tells how many external models are switched on, now and whenever that changes. A look is one at this
 * process's copy, which asks the database after a change alone.
 */
export async function followEnabled(
  tell: (count: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  let before: number | undefined;
  for (;;) {
    const count = await countEnabled();
    if (count !== undefined && count !== before) tell(count);
    before = count ?? before;
    await wait(EXTERNAL_WORKER_LOOK_MS, signal);
  }
}

/** Undefined while the database is away and was never read. */
async function countEnabled(): Promise<number | undefined> {
  try {
    const { models } = await providers().get();
    return models.filter(({ isEnabled }) => isEnabled).length;
  } catch (error) {
    log.debug({ err: error }, "external models could not be counted");
    return undefined;
  }
}
