import { setMaxListeners } from "node:events";
import { GENERATION_MS_MAX, PROMPTS_AT_ONCE_MAX } from "@/lib/limits";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { toAbortSignal } from "@/lib/util/stop";
import type { GenerateOptions } from "./generate";
import { type Choices, generateChoices } from "./generate-choices";
import { mergeChoices } from "./merge-choices";

export type PromptsOptions = Omit<GenerateOptions, "request"> & {
  /** One for each prompt; there is one. */
  requests: readonly [GenerateRequest, ...GenerateRequest[]];
  /** Answers to each of them. */
  count: number;
};

/**
 * Answers to several prompts as one: those of the first come first by number, then those of the second,
 * and so on, all by the model that gave the very first, within the time of one request. A few prompts are under way at
 * once. An answer that fails ends all.
 *
 * @throws AppError as `generate`, before the first token of the first prompt's first answer.
 */
export async function generatePrompts({
  requests,
  count,
  ...options
}: PromptsOptions): Promise<Choices> {
  const [request, ...others] = requests;
  const leave = new AbortController();
  const signal = AbortSignal.any([toAbortSignal(options.signal), leave.signal]);
  // Every answer listens: as many as CHOICE_COUNT_MAX allows are no leak.
  setMaxListeners(0, signal);
  const { endsMs = performance.now() + GENERATION_MS_MAX } = options;
  const first = await generateChoices({ ...options, request, signal, endsMs }, count);
  if (others.length === 0) return first;
  const left = others.entries();
  const pinned = first.candidate;
  const resumed = { times: 0 };
  const events = mergeChoices(leave, async (push) => {
    const pump = async (place: number, choices: Choices) => {
      for await (const { choice, event } of choices.events) {
        if (event.type === "generation-resumed") resumed.times += 1;
        await push({ choice: place * count + choice, event });
      }
    };
    const lane = async () => {
      for (const [index, other] of left) {
        const mine = { ...options, request: other, signal, endsMs, pinned, isUnderWay: true };
        await pump(index + 1, await generateChoices(mine, count));
      }
    };
    const lanes = Array.from({ length: PROMPTS_AT_ONCE_MAX - 1 }, lane);
    await Promise.all([pump(0, first), ...lanes]);
  });
  return { ...first, count: count * requests.length, resumed, events };
}
