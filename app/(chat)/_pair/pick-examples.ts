const SHOWN = 3;

/** The examples of one round, evenly spread over the list so that neighbours of one kind do not stand together. */
export function pickExamples(prompts: readonly string[], round: number): string[] {
  if (prompts.length <= SHOWN) return [...prompts];
  const stride = Math.floor(prompts.length / SHOWN);
  const picked = Array.from(
    { length: SHOWN },
    (_, index) => prompts[(round + index * stride) % prompts.length],
  );
  return picked.filter((it) => it !== undefined);
}
