import type { FinishReason, GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { Backend } from "@/worker/backend";
import { createMockBackend } from "@/worker/backends/mock";

/** What the model of the tests says next; each step is said when the one before it has passed. */
export type Step = GenerateEvent | Promise<void>;
export type Script = { steps: readonly Step[]; finish?: FinishReason };

/** A worker that can do all, says what `next` gives it, and remembers what it was asked. */
export function createScriptedBackend(name: string, next: (request: GenerateRequest) => Script) {
  const seen: GenerateRequest[] = [];
  const mock = createMockBackend({ models: ["mock/echo"], slots: 64, tokenMs: 0 });
  const backend: Backend = {
    ...mock,
    card() {
      const card = mock.card();
      const models = card.models.map((model): typeof model => ({
        ...model,
        name,
        features: ["chat", "tokenize", "tools", "grammar", "reasoning", "log-probabilities"],
      }));
      return { ...card, models };
    },
    async *generate(request, signal) {
      seen.push(request);
      const { steps, finish = "stop" } = next(request);
      const { temperature = 1, topP = 1, seed = 0 } = request.sampling;
      yield {
        ...{ type: "generation-start", model: name, build: "0".repeat(64), promptTokens: 10 },
        ...{ maxTokens: 2_000, sampling: { temperature, topP, seed } },
      };
      for (const step of steps) {
        if (!(step instanceof Promise)) yield step;
        else if (await Promise.race([step.then(() => false), aborted(signal)])) return;
      }
      yield {
        ...{ type: "generation-end", finishReason: finish },
        usage: { promptTokens: 10, completionTokens: steps.length, cachedPromptTokens: 3 },
        timing: { queuedMs: 0, firstTokenMs: 1, durationMs: 1 },
      };
    },
  };
  return { backend, seen };
}

function aborted(signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const onAbort = () => resolve(true);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

export const say = (text: string): GenerateEvent => ({ type: "text-delta", text, tokens: 1 });
export const think = (text: string): GenerateEvent => ({
  ...{ type: "reasoning-delta", text, tokens: 1 },
});
export const callFor = (index: number, name: string, text: string): GenerateEvent[] => [
  { type: "tool-call-start", index, id: `call_${index}_${name}`, name },
  { type: "tool-call-delta", index, text, tokens: 1 },
];
export const score = (text: string): GenerateEvent => ({
  ...{ type: "token-log-probability", id: 1, bytes: [...Buffer.from(text)], logProbability: -0.5 },
  alternatives: [],
});

/** Something to wait for, and what ends the wait. */
export function gate(): { closed: Promise<void>; open: () => void } {
  let open = () => {};
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { closed, open };
}
