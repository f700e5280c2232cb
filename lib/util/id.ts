import { randomFillSync } from "node:crypto";

/** Random bytes for so many ids are drawn at once: a draw takes 1 µs, whether of 16 bytes or of 4,096. */
const IDS_A_DRAW = 256;
const BYTES_AN_ID = 16;
const drawn = Buffer.alloc(IDS_A_DRAW * BYTES_AN_ID);
let drawnAt = drawn.length;
/** An id as it is written, filled anew for each: joined of its parts it would be a score of objects, of which each is kept. */
const written = Buffer.from("00000000-0000-0000-0000-000000000000", "latin1");
/** Where in it the two digits of each byte stand. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const DIGITS = Buffer.from("0123456789abcdef", "latin1");

/**
 * A UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits, so that ids
 * made later sort later and B-tree pages fill in order.
 */
export function createId(nowMs: number = Date.now()): string {
  if (drawnAt === drawn.length) {
    randomFillSync(drawn);
    drawnAt = 0;
  }
  // In place: a view of the sixteen bytes would be an object and its store for each id.
  const at = drawnAt;
  drawnAt += BYTES_AN_ID;
  drawn.writeUIntBE(nowMs, at, 6);
  drawn[at + 6] = 0x70 | (drawn.readUInt8(at + 6) & 0x0f);
  drawn[at + 8] = 0x80 | (drawn.readUInt8(at + 8) & 0x3f);
  for (let index = 0; index < BYTES_AN_ID; index++) {
    const byte = drawn[at + index] ?? 0;
    const place = PLACES[index] ?? 0;
    written[place] = DIGITS[byte >> 4] ?? 0;
    written[place + 1] = DIGITS[byte & 0x0f] ?? 0;
  }
  return written.toString("latin1");
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether `text` has the form of an id of ours; says nothing about whether it exists. */
export function isId(text: string): boolean {
  return UUID.test(text);
}
