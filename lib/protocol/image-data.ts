import { IMAGE_BYTES_MAX, IMAGE_URL_CHARACTERS_MAX } from "@/lib/upstream-limits";
import { IMAGE_MEDIA_TYPES, type ImageAddress, type ImagePart } from "./message";

/** Images as clients send them: in a `data:` URL, or as base64 beside a media type. */

type MediaType = ImagePart["mediaType"];

/** By the first bytes, which say it truer than whoever sent them. */
export function sniffMediaType(bytes: Uint8Array): MediaType | undefined {
  const startsWith = (...values: number[]) => values.every((value, at) => bytes[at] === value);
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (startsWith(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "image/png";
  if (startsWith(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (text(0, 4) === "RIFF" && text(8, 12) === "WEBP") return "image/webp";
  if (text(0, 6) === "GIF87a" || text(0, 6) === "GIF89a") return "image/gif";
  return undefined;
}

/** Enough of base64 for all of the signatures above. */
const SIGNATURE_CHARACTERS = 24;

/** Node passes over what is no base64, so that fewer bytes come of it; it takes the two letters for URLs as well. */
function isBase64(text: string): boolean {
  if (text.length === 0 || text.length % 4 !== 0 || /[-_]/.test(text)) return false;
  const padding = text.endsWith("==") ? 2 : Number(text.endsWith("="));
  return Buffer.from(text, "base64").length === (text.length / 4) * 3 - padding;
}

export type ImageFault = { message: string };

const FORMS = `${IMAGE_MEDIA_TYPES.map((it) => it.slice("image/".length)).join(", ")}`;
const MEGABYTES = IMAGE_BYTES_MAX / 1024 ** 2;

export const NO_IMAGE = `is no image that models read here; send one of ${FORMS}.`;
export const TOO_LARGE = `is an image of more than ${MEGABYTES} MiB; send a smaller one.`;

/** Reads `data:image/png;base64,…`; what the URL says of its type counts less than the bytes. */
export function readDataUrl(url: string): { data: string; mediaType: MediaType } | ImageFault {
  const comma = url.indexOf(",");
  const head = url.slice("data:".length, Math.max(comma, 0));
  if (comma === -1 || !/;base64$/i.test(head)) {
    return { message: "must be base64: data:image/png;base64,… ." };
  }
  return readBase64(url.slice(comma + 1));
}

/** Base64 without line breaks. */
export function readBase64(data: string): { data: string; mediaType: MediaType } | ImageFault {
  if (data.length > Math.ceil(IMAGE_BYTES_MAX / 3) * 4) return { message: TOO_LARGE };
  if (!isBase64(data)) {
    return { message: "holds no base64: letters, digits, + and /, filled up with = to fours." };
  }
  const mediaType = sniffMediaType(Buffer.from(data.slice(0, SIGNATURE_CHARACTERS), "base64"));
  return mediaType === undefined ? { message: NO_IMAGE } : { data, mediaType };
}

/** An image by the URL that a client gave: the bytes themselves, or where they are. */
export function readImageUrl(
  url: string,
  detail?: ImagePart["detail"],
): ImagePart | ImageAddress | ImageFault {
  const told = detail === undefined ? {} : { detail };
  if (/^data:/i.test(url)) {
    const read = readDataUrl(url);
    return "message" in read ? read : { type: "image", ...read, ...told };
  }
  if (!/^https:\/\//i.test(url) || !URL.canParse(url)) {
    return { message: "must be a data: URL (data:image/png;base64,…) or begin with https://." };
  }
  if (url.length > IMAGE_URL_CHARACTERS_MAX) {
    return { message: `has more than ${IMAGE_URL_CHARACTERS_MAX} characters; send a shorter one.` };
  }
  return { type: "image-address", url, ...told };
}
