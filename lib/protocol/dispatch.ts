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

/** What each does, for whoever chooses among them. */
export const DISPATCH_POLICY_WORDS: Record<DispatchPolicy, string> = {
  lottery: "At random, each worker by its measured speed.",
  "shortest-queue": "The worker with the fewest requests for its speed.",
  "power-of-two": "Of two workers drawn at random, the one with fewer requests.",
  "least-outstanding-tokens":
    "The worker that will be done soonest with all it has to read and write.",
  "session-affinity":
    "The worker that answered this conversation last, while it is not overloaded.",
  "prefix-affinity":
    "The worker that has read the beginning of this prompt, while it is not overloaded.",
};

export const DISPATCH_POLICY_DEFAULT: DispatchPolicy = "least-outstanding-tokens";
