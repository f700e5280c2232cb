import type { Log } from "@/lib/telemetry/log";
import type { Backend } from "../backend";
import type { HostedEntry } from "./huggingface/hosted-model";
import { loadLibrary } from "./huggingface/library";
import { ServedHosted } from "./huggingface/served-hosted";
import { createListedBackend, type ListedSource } from "./listed-models";

/**
 * Models at Hugging Face: endpoints, servers of Text Generation Inference, and the hub's inference providers
 * (decision 0061).
 */

export type HuggingfaceOptions = {
  source: ListedSource<HostedEntry>;
  /** Names of the models to serve; none means all. */
  only: readonly string[];
  slots: number;
  log: Log;
  /** Where the hub and its router of providers are, if they are elsewhere. */
  hubUrl?: string | undefined;
  routerUrl?: string | undefined;
};

/** As the library has them. */
const ROUTER = "https://router.huggingface.co/";
const HUB = "https://huggingface.co/";

/** @throws StartError for a source that cannot be read, or has nothing to serve. */
export async function createHuggingfaceBackend(options: HuggingfaceOptions): Promise<Backend> {
  const { log, hubUrl, routerUrl, ...rest } = options;
  const library = await loadLibrary(log);
  const moves = [
    [ROUTER, routerUrl],
    [HUB, hubUrl],
  ] as const;
  const toUrl = (url: string) => {
    const [from, to] = moves.find(([it]) => url.startsWith(it)) ?? [];
    return from === undefined || to === undefined ? url : `${to}/${url.slice(from.length)}`;
  };
  return await createListedBackend({
    ...{ ...rest, log, kind: "huggingface" },
    nameOf: ({ model }) => model.name,
    load: async (entry, { onOffer }) => new ServedHosted(entry, { library, log, toUrl, onOffer }),
  });
}
