/** Python's white space is JavaScript's without U+FEFF and with some controls. */
export function isPythonSpace(code: number): boolean {
  if (code === 0xfeff) return false;
  return (code >= 0x1c && code <= 0x1f) || code === 0x85 || /\s/.test(String.fromCharCode(code));
}

/** Python's `str.strip`, or one side of it. */
export function stripSpace(text: string, sides: "both" | "left" | "right" = "both"): string {
  let [from, to] = [0, text.length];
  if (sides !== "right") while (from < to && isPythonSpace(text.charCodeAt(from))) from += 1;
  if (sides !== "left") while (to > from && isPythonSpace(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}
