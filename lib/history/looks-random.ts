/**
 * Share of neighbours that are of different classes (small, capital, digit, sign). Drawn evenly, 0.64 in
 * base64 and 0.47 in hexadecimal digits; in paths and long names in English below 0.25.
 */
const CHANGES_MIN = { base64: 0.42, hex: 0.28 };
/** Of different characters: `0123456789abcdef` twice is none, nor are zeros with a one at the end. */
const DIFFERENT_MIN = { base64: 16, hex: 8 };

/** Whether a long run of letters and digits was drawn by chance, as keys and tokens are, and not written by somebody. */
export function looksRandom(text: string): boolean {
  const body = text.replace(/^0x/, "").replace(/=+$/, "");
  const kind = /^[0-9a-f]+$|^[0-9A-F]+$/.test(body) ? "hex" : "base64";
  if (!/\d/.test(body) || !/[A-Za-z]/.test(body)) return false;
  if (kind === "base64" && !(/[a-z]/.test(body) && /[A-Z]/.test(body))) return false;
  if (new Set(body).size < DIFFERENT_MIN[kind]) return false;
  if (isSequence(body)) return false;
  let changes = 0;
  for (let index = 1; index < body.length; index++) {
    if (classOf(body.charCodeAt(index)) !== classOf(body.charCodeAt(index - 1))) changes++;
  }
  return changes / (body.length - 1) >= CHANGES_MIN[kind];
}

function classOf(code: number): number {
  if (code >= 97 && code <= 122) return 0;
  if (code >= 65 && code <= 90) return 1;
  return code >= 48 && code <= 57 ? 2 : 3;
}

/** Mostly each character the one after the last, as in an alphabet. */
function isSequence(body: string): boolean {
  let steps = 0;
  for (let index = 1; index < body.length; index++) {
    if (body.charCodeAt(index) === body.charCodeAt(index - 1) + 1) steps++;
  }
  return steps / body.length > 0.4;
}
