import { PREFIX_SHARE_MIN } from "@/lib/fleet-limits";
import { boundedLoad } from "./bounded-load";
import { least } from "./least";
import { leastOutstandingTokens } from "./least-outstanding-tokens";
import type { Choice, PolicyCandidate } from "./policy";
import { rendezvous } from "./rendezvous";
import { speedsOf } from "./speeds";

/**
 * Who was sent the most of the prompt's beginning, where that is worth it; else the one on whom all web
 * processes agree for its first block. One that is full, or has more than its bound, is passed over for the next.
 */
export function prefixAffinity<T extends PolicyCandidate>(choice: Choice<T>): T {
  const { among, all, ask, memory, random } = choice;
  const blocks = ask.prefix();
  const [first] = blocks;
  if (first === undefined) return leastOutstandingTokens(choice);
  const willing = among.filter(boundedLoad(all));
  const depths = memory.prefixes.depths(blocks);
  const depthOf = ({ id }: T) => depths.get(id) ?? 0;
  const deepest = willing.reduce((depth, it) => Math.max(depth, depthOf(it)), 0);
  if (deepest > 0 && deepest >= PREFIX_SHARE_MIN * blocks.length) {
    const speedOf = speedsOf(all);
    const readers = willing.filter((it) => depthOf(it) === deepest);
    const chosen = least(
      readers,
      (it) => (it.outstandingTokens + ask.tokens) / speedOf(it),
      random,
    );
    if (chosen) return chosen;
  }
  return rendezvous(willing, first) ?? leastOutstandingTokens(choice);
}
