import { paths } from "@/lib/paths";

const VISIT_MS_MAX = 60_000;

/**
 * In development Next compiles a route when it is first asked for, which takes longer than a worker
 * waits for its registration. Asking first costs nothing that would not be paid a moment later.
 */
export async function visitRoutes(url: string): Promise<void> {
  for (const path of [paths.readyz, paths.api.workers, paths.v1.models, paths.battle]) {
    try {
      const response = await fetch(url + path, { signal: AbortSignal.timeout(VISIT_MS_MAX) });
      await response.body?.cancel();
    } catch {
      // A route that cannot be compiled says so in the log, and in the browser.
    }
  }
}
