import { wait } from "@/lib/util/wait";
import type { Fleet } from "./fleet";
import type { RegistryWatch } from "./registry-watch";
import { countOpen, readGauges } from "./worker-gauges";

/**
 * Milliseconds until the registry has every worker ready once and neither workers nor web processes have
 * anything to do; more than `msMax` where that did not come.
 */
export async function untilSettled(
  fleet: Fleet,
  watch: RegistryWatch,
  msMax: number,
): Promise<number> {
  const beganMs = performance.now();
  for (;;) {
    const isSettled = await checkSettled(fleet, watch);
    const ms = performance.now() - beganMs;
    if (isSettled || ms > msMax) return ms;
    await wait(100);
  }
}

async function checkSettled({ workers, webs }: Fleet, watch: RegistryWatch): Promise<boolean> {
  try {
    const alive = workers.filter((it) => it.process.isUp);
    const gauges = await Promise.all(alive.map(readGauges));
    const open = await Promise.all(
      webs.filter((it) => it.process.isUp).map(({ url }) => countOpen(url)),
    );
    const isIdle =
      gauges.every((it) => it.running + it.waiting + it.underWay === 0) &&
      open.every((count) => count === 0);
    const ready = (await watch.read()).filter((it) => it.state === "ready");
    const isKnown = alive.every(
      ({ address }) => ready.filter((it) => it.address === address).length === 1,
    );
    return isIdle && isKnown;
  } catch {
    // Something is not back yet.
    return false;
  }
}
