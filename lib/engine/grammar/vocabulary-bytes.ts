import type { TokenBytes } from "../text/token-bytes";

/**
 * What each id writes, as a grammar sees it: nothing for control tokens, which stand outside of the
 * text, save for those that an answer's format spells out (`spelledTokens`), such as the mark before a
 * tool call.
 */
export function toGrammarBytes(
  tokenBytes: TokenBytes,
  spelledTokens: readonly string[] = [],
): (id: number) => Uint8Array | undefined {
  const spelled = new Set(spelledTokens);
  const decoder = new TextDecoder();
  return (id) => {
    const { bytes, isControl } = tokenBytes.get(id);
    return isControl && !spelled.has(decoder.decode(bytes)) ? undefined : bytes;
  };
}
