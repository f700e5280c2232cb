/** The tokens before the first stop string, and how many it took to find it. */
export function cutAtStop(tokens: readonly string[], asked: string | string[] | undefined) {
  const stops = typeof asked === "string" ? [asked] : (asked ?? []);
  let text = "";
  for (const [index, token] of tokens.entries()) {
    text += token;
    const stop = stops.find((it) => text.includes(it));
    if (stop === undefined) continue;
    const kept = text.slice(0, text.indexOf(stop));
    return { tokens: cutTo(tokens, kept.length), stop, used: index + 1 };
  }
  return { tokens: [...tokens], stop: undefined, used: tokens.length };
}

/** The tokens of the first characters, the last of them cut. */
function cutTo(tokens: readonly string[], length: number): string[] {
  const kept: string[] = [];
  let left = length;
  for (const token of tokens) {
    if (left <= 0) break;
    kept.push(token.slice(0, left));
    left -= token.length;
  }
  return kept;
}
