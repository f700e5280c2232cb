import type { StreamForm } from "./stand-in-server";

/**
 * Amazon's binary event stream (docs.aws.amazon.com, "Event stream encoding"): each message has a prelude of its
 * own length and that of its headers with a CRC32 over both, headers, a payload, and a CRC32 over everything.
 */

/** Of the reversed polynomial 0xEDB88320 (IEEE 802.3). */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ (TABLE[(value ^ byte) & 0xff] ?? 0);
  return (value ^ 0xffffffff) >>> 0;
}

/** Of type 7, a text: the name's length, the name, the type, the text's length in two bytes, the text. */
function toHeader(name: string, value: string): Buffer {
  const head = Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name),
    Buffer.from([7, 0, 0]),
  ]);
  head.writeUInt16BE(Buffer.byteLength(value), head.length - 2);
  return Buffer.concat([head, Buffer.from(value)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function toMessage(headers: Record<string, string>, payload: Uint8Array): Uint8Array {
  const head = Buffer.concat(Object.entries(headers).map(([name, it]) => toHeader(name, it)));
  // Two lengths and a CRC before, a CRC after.
  const total = 12 + head.length + payload.length + 4;
  const lengths = Buffer.concat([uint32(total), uint32(head.length)]);
  const message = Buffer.concat([lengths, uint32(crc32(lengths)), head, payload]);
  return Buffer.concat([message, uint32(crc32(message))]);
}

/** An event's name is that of its type; one that ends with `Exception` is one. */
export const AWS_EVENT_STREAM: StreamForm = {
  contentType: "application/vnd.amazon.eventstream",
  toBytes: (data, event = "") => {
    const isException = event.endsWith("Exception");
    const type = isException ? "exception" : "event";
    const headers = {
      [`:${type}-type`]: event,
      ":content-type": "application/json",
      ":message-type": type,
    };
    return toMessage(headers, Buffer.from(JSON.stringify(data)));
  },
  // A message whose CRC is not that of what it holds.
  garbage: Buffer.concat([uint32(20), uint32(0), uint32(0), uint32(1), uint32(2)]),
};
