import { hashText } from "@/lib/util/hash-text";
import { boundedLoad } from "./bounded-load";
import { leastOutstandingTokens } from "./least-outstanding-tokens";
import type { Choice, PolicyCandidate } from "./policy";
import { rendezvous } from "./rendezvous";

/**
 * Who answered the conversation last; where nobody did from here, the one on whom all web processes agree.
 * One that is full, or has more than its bound, is passed over for the next.
 */
export function sessionAffinity<T extends PolicyCandidate>(choice: Choice<T>): T {
  const { among, all, ask, memory } = choice;
  const session = ask.session();
  if (session === undefined) return leastOutstandingTokens(choice);
  const willing = among.filter(boundedLoad(all));
  const lastId = memory.sessions.recall(session);
  const last = willing.find(({ id }) => id === lastId);
  return last ?? rendezvous(willing, hashText(session)) ?? leastOutstandingTokens(choice);
}
