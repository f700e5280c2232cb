/** How the next token is chosen, every field settled. The steps are applied in the order of `sampler.ts`. */
export type SamplingParameters = {
  /** 0 is greedy: the most likely token after bias and penalties. */
  temperature: number;
  /** The most likely tokens that stay; 0 keeps all. */
  topK: number;
  /** Nucleus: the least set of most likely tokens that holds this much probability; 1 keeps all. */
  topP: number;
  /** Tokens less likely than this share of the most likely one go; 0 keeps all. */
  minP: number;
  /** Taken off the logit of each token that the answer already has, once; OpenAI's. */
  presencePenalty: number;
  /** Taken off the logit of each token for each time the answer has it; OpenAI's. */
  frequencyPenalty: number;
  /** Divides positive and multiplies negative logits of tokens in prompt or answer (CTRL); 1 is off. */
  repetitionPenalty: number;
  /** Added to the logit of each named token. */
  logitBias: ReadonlyMap<number, number>;
  /** With the choice's number and the position, the key of every draw. */
  seed: number;
};

export const NEUTRAL_SAMPLING: Omit<SamplingParameters, "seed"> = {
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  presencePenalty: 0,
  frequencyPenalty: 0,
  repetitionPenalty: 1,
  logitBias: new Map(),
};
