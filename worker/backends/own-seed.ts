import type { GenerateRequest } from "@/lib/protocol/generate-request";

/** Where a seed has place at every server: Ollama, llama.cpp and Gemini keep 32 bits of it. */
const SEEDS = 2 ** 31;

/** Each of several answers has a seed of its own. One without place at the server becomes one that has. */
export function toOwnSeed({
  sampling: { seed },
  choice = 0,
}: Pick<GenerateRequest, "sampling" | "choice">): number | undefined {
  if (seed === undefined) return undefined;
  const own = seed + choice;
  return own >= 0 && own < SEEDS ? own : ((own % SEEDS) + SEEDS) % SEEDS;
}
