/**
 * The words of `parley worker` with the platform of this clone as the controller, where they name none.
 *
 * Words after `--` are the command of a server that the worker launches: a `--controller` or `--help` among
 * them is that server's own, and ours stands before them.
 */
export function withController(words: readonly string[], url: string | undefined): string[] {
  const own = ownWords(words);
  const isNamed = own.some((word) => word === "--controller" || word.startsWith("--controller="));
  if (isNamed || url === undefined) return [...words];
  return [...own, "--controller", url, ...words.slice(own.length)];
}

export function asksForHelp(words: readonly string[]): boolean {
  const own = ownWords(words);
  return own.includes("--help") || own.includes("-h");
}

function ownWords(words: readonly string[]): readonly string[] {
  const at = words.indexOf("--");
  return at === -1 ? words : words.slice(0, at);
}
