/** What a vLLM server says of its load in the text form of Prometheus. */

export type EngineLoad = {
  running: number;
  waiting: number;
  /** Of the keys' and values' place, of the fullest engine, 0 to 1; undefined: not told. */
  cacheShare: number | undefined;
};

/** `name{label="value",…} number`, with or without a time behind it. */
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{.*\})?\s+(\S+)/;

/** As it is called, and as it was called before version 0.10. */
const CACHE_NAMES = new Set(["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"]);

/**
 * Summed over engines and models: a server with several of either shares one machine among them, and who waits
 * for one waits for the machine. Undefined where nothing is told of requests, as of a server without metrics.
 */
export function readEngineLoad(text: string): EngineLoad | undefined {
  let running: number | undefined;
  let waiting = 0;
  let cacheShare: number | undefined;
  for (const line of text.split("\n")) {
    const [, name = "", told = ""] = SAMPLE.exec(line) ?? [];
    const value = Number(told);
    if (!Number.isFinite(value) || value < 0) continue;
    if (name === "vllm:num_requests_running") running = (running ?? 0) + value;
    else if (name === "vllm:num_requests_waiting") waiting += value;
    else if (CACHE_NAMES.has(name)) cacheShare = Math.max(cacheShare ?? 0, value);
  }
  return running === undefined ? undefined : { running, waiting, cacheShare };
}

/** What others than this worker have there, which had `own` requests in it at that moment. */
export function withoutOwn(
  { running, waiting }: EngineLoad,
  own: number,
): { running: number; waiting: number } {
  // What is running of all was asked first; which of the waiting ones are ours is not told.
  const ownRunning = Math.min(own, running);
  return {
    running: Math.round(running - ownRunning),
    waiting: Math.round(Math.max(0, waiting - (own - ownRunning))),
  };
}
