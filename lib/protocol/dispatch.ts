import * as z from "zod";

/** How a worker of a model is chosen among those that could answer. */
export const DISPATCH_POLICIES = [
  /** At random, by measured speed (FastChat's). */
  "lottery",
  /** The fewest requests a slot (FastChat's). */
  "shortest-queue",
  /** Of two drawn at random the less loaded one: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001. */
  "power-of-two",
  /** The least time until the tokens that are promised are read and written. */
  "least-outstanding-tokens",
  /** The one that answered this conversation last. */
  "session-affinity",
  /** The one that has read the beginning of this prompt. */
  "prefix-affinity",
] as const;

export const dispatchPolicySchema = z.enum(DISPATCH_POLICIES);
export type DispatchPolicy = z.infer<typeof dispatchPolicySchema>;
export const DISPATCH_POLICY_DEFAULT: DispatchPolicy = "least-outstanding-tokens";
