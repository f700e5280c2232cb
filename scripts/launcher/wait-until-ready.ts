import * as z from "zod";
import { paths } from "@/lib/paths";
import { wait } from "@/lib/util/wait";
import type { Supervised } from "./supervised";

/** The bundled models load in a second; a folder of gigabytes on a slow disk may take this long. */
const READY_MS_MAX = 300_000;
const POLL_MS = 50;

const modelsSchema = z.object({
  models: z.array(z.object({ name: z.string(), awake: z.boolean() })),
});

export type WaitOptions = {
  url: string;
  workers: readonly Supervised[];
  signal: AbortSignal;
};

/**
 * Resolves with the names of the models once every worker that can serve does, or with those there are
 * when that takes too long.
 */
export async function waitUntilReady(options: WaitOptions): Promise<string[]> {
  const giveUpAt = Date.now() + READY_MS_MAX;
  let names: string[] = [];
  while (Date.now() < giveUpAt) {
    const expected = options.workers.filter((it) => !it.isGivenUp);
    // Not asked before: a web process that is asked too early writes a warning for each time.
    if (expected.every((it) => it.isRegistered) && (await get(options, paths.readyz))) {
      // What the pages ask: the API may want a key.
      const reply = modelsSchema.safeParse(await get(options, paths.api.models));
      const models = reply.success ? reply.data.models : [];
      names = models.filter((it) => it.awake).map((it) => it.name);
      if (names.length >= expected.length) return names;
    }
    await wait(POLL_MS, options.signal);
  }
  return names;
}

/** The body of a good answer; undefined for any other, since the process may still be starting. */
async function get({ url }: WaitOptions, path: string): Promise<unknown> {
  try {
    const response = await fetch(url + path, {
      signal: AbortSignal.timeout(2_000),
    });
    const text = await response.text();
    if (!response.ok) return undefined;
    return text.startsWith("{") ? JSON.parse(text) : text;
  } catch {
    // Not listening yet, or an answer in the making; the next round asks again.
    return undefined;
  }
}
