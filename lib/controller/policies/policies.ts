import type { DispatchPolicy } from "@/lib/protocol/dispatch";
import { leastOutstandingTokens } from "./least-outstanding-tokens";
import { lottery } from "./lottery";
import type { Policy } from "./policy";
import { powerOfTwo } from "./power-of-two";
import { prefixAffinity } from "./prefix-affinity";
import { sessionAffinity } from "./session-affinity";
import { shortestQueue } from "./shortest-queue";

export const POLICIES: Record<DispatchPolicy, Policy> = {
  lottery,
  "shortest-queue": shortestQueue,
  "power-of-two": powerOfTwo,
  "least-outstanding-tokens": leastOutstandingTokens,
  "session-affinity": sessionAffinity,
  "prefix-affinity": prefixAffinity,
};
