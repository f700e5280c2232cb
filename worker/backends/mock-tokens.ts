/**
 * The mock's tokenizer: a token is a word with the blank before it, cut where it is longer than six
 * bytes of UTF-8, never inside a character. The id is the bytes themselves behind their count, so that
 * any id can be read back without a table and texts survive the round trip in any process.
 */

const TOKEN_BYTES_MAX = 6;
/** Each character one byte. */
const ASCII = /^[\0-\x7f]*$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The pieces of `text`; joined they are `text` again. */
export function toPieces(text: string): string[] {
  const pieces: string[] = [];
  // A lone surrogate has no UTF-8; it is replaced as every encoder does.
  for (const word of text.toWellFormed().match(/\s?\S+|\s/g) ?? []) {
    // Most are short, and a code unit has three bytes at most.
    if (word.length * 3 <= TOKEN_BYTES_MAX) pieces.push(word);
    else if (ASCII.test(word)) cutAscii(word, pieces);
    else cutWord(word, pieces);
  }
  return pieces;
}

export function toIds(text: string): number[] {
  return toPieces(text).map(toId);
}

/** @throws RangeError for a number that is no token. */
export function toText(ids: readonly number[]): string {
  return ids.map(toPiece).join("");
}

function cutAscii(word: string, pieces: string[]): void {
  for (let at = 0; at < word.length; at += TOKEN_BYTES_MAX) {
    pieces.push(word.slice(at, at + TOKEN_BYTES_MAX));
  }
}

function cutWord(word: string, pieces: string[]): void {
  let piece = "";
  let size = 0;
  for (const character of word) {
    const bytes = encoder.encode(character).length;
    if (size + bytes > TOKEN_BYTES_MAX) {
      pieces.push(piece);
      piece = "";
      size = 0;
    }
    piece += character;
    size += bytes;
  }
  pieces.push(piece);
}

/**
 * Count of bytes, then the bytes: at most 51 bits, which a double holds exactly. Of longer pieces, which
 * no text is cut into, the first bytes: such an id is only compared.
 */
export function toId(piece: string): number {
  const bytes = encoder.encode(piece);
  let id = bytes.length;
  for (let index = 0; index < TOKEN_BYTES_MAX; index++) id = id * 256 + (bytes[index] ?? 0);
  return id;
}

function toPiece(id: number): string {
  const bytes = new Uint8Array(TOKEN_BYTES_MAX);
  let rest = id;
  for (let index = TOKEN_BYTES_MAX - 1; index >= 0; index--) {
    bytes[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  if (rest < 1 || rest > TOKEN_BYTES_MAX) throw new RangeError(`${id} is not a token`);
  try {
    return decoder.decode(bytes.subarray(0, rest));
  } catch (cause) {
    throw new RangeError(`${id} is not a token`, { cause });
  }
}
