/**
 * A model's name as one part of an address. Names hold slashes, which many a proxy decodes wherever it finds
 * them; they are written as in JSON Pointers (RFC 6901, §3), so that every name has one slug and back. A name of one
 * or two dots is a way up in every address, however its dots are written: its dots are `~2`.
 *
 * @example toModelSlug("parley/pico-m") // "parley~1pico-m"
 */
export const toModelSlug = (name: string): string =>
  /^\.{1,2}$/.test(name)
    ? name.replaceAll(".", "~2")
    : encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));

/** @param slug as it stands in the address, or decoded. Undefined where it is none. */
export function fromModelSlug(slug: string): string | undefined {
  try {
    const text = decodeURIComponent(slug);
    if (/^(?:~2){1,2}$/.test(text)) return text.replaceAll("~2", ".");
    return /~(?![01])/.test(text) ? undefined : text.replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return undefined;
  }
}

/** @param slug as it stands in the address, or decoded once: routers differ in what they hand on. */
export function isSlugOf(slug: string, name: string): boolean {
  const plain = decodeURIComponent(toModelSlug(name));
  return slug === plain || tryDecode(slug) === plain;
}

function tryDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // No address is written so.
    return undefined;
  }
}
