/**
 * A text of which our own faces have every sign, cut to so many characters; null where too little of it is
 * left to be read. The renderer would look for others' faces, and for pictures of emoji, on the network: it
 * would tell a stranger's server what was shared, and wait for one that cannot be reached.
 */
export function toDrawable(text: string, charactersMax: number): string | null {
  const letters = text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  const drawn = text
    .normalize("NFC")
    .replace(/[^\x20-\x7e\xa1-\xac\xae-\u017f‘’‚“”„–—…•·]/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  const left = drawn.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  if (left === 0 || left < letters * 0.7) return null;
  if (drawn.length <= charactersMax) return drawn;
  const cut = drawn.slice(0, charactersMax);
  const blank = cut.lastIndexOf(" ");
  return `${cut.slice(0, blank > charactersMax / 2 ? blank : charactersMax)}…`;
}
