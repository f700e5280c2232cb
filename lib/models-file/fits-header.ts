/**
 * Whether a key can be sent at all. One that cannot, such as one with a line break that was copied along, would
 * stand as it is in the error of whoever makes a header of it, and so in logs.
 */
export function fitsHeader(key: string): boolean {
  return /^[\x20-\x7e]+$/.test(key);
}
