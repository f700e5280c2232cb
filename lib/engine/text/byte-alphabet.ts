import { assert } from "@/lib/util/assert";

/**
 * The alphabet of byte-level BPE: each of the 256 bytes is spelled as one printable character, so that
 * a vocabulary can be written as text. Bytes that print in Latin-1 stand for themselves; the others
 * take the characters from U+0100 on, in order. The rule is GPT-2's (`bytes_to_unicode` in its
 * encoder.py) and every byte-level vocabulary on the hub follows it.
 */
function createByteAlphabet(): ReadonlyMap<string, number> {
  const isPrintable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  const byteOf = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    byteOf.set(String.fromCharCode(isPrintable(byte) ? byte : next++), byte);
  }
  return byteOf;
}

const BYTE_OF = createByteAlphabet();
const CHARACTER_OF = new Map([...BYTE_OF].map(([character, byte]) => [byte, character]));

/** How a byte is spelled. */
export function toCharacter(byte: number): string {
  const character = CHARACTER_OF.get(byte);
  assert(character !== undefined, `${byte} is a byte`);
  return character;
}

/** The bytes that a byte-level token stands for; undefined when it holds a character outside the alphabet. */
export function toBytes(token: string): Uint8Array | undefined {
  const bytes = new Uint8Array(token.length);
  for (let index = 0; index < token.length; index++) {
    const byte = BYTE_OF.get(token.charAt(index));
    if (byte === undefined) return undefined;
    bytes[index] = byte;
  }
  return bytes;
}
