/**
 * A text of somebody else's, without what a terminal would obey: an answer may hold the bytes that move the
 * cursor, rename the window, write to the clipboard or ask the terminal to type. Each such character is shown
 * as U+FFFD; lines and tabs stay. Directions of writing that reach over a line's end (Trojan Source,
 * CVE-2021-42574) go the same way.
 */
export function safeText(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/[\p{Zl}\p{Zp}]/gu, "\n")
    .replace(/(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

/** Four spaces each: where a terminal's own tab leads, nobody who counts columns knows. */
export const withoutTabs = (text: string): string => text.replaceAll("\t", "    ");
