/**
 * For how long a server asks to be left alone: `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), or the
 * `t` of `RateLimit` (draft-ietf-httpapi-ratelimit-headers), which Hugging Face sends with its 429.
 */
export function readRetryAfterMs(headers: Headers, nowMs = Date.now()): number | undefined {
  const word = headers.get("retry-after")?.trim();
  if (word !== undefined && /^\d{1,9}$/.test(word)) return Number(word) * 1_000;
  const date = word === undefined ? Number.NaN : Date.parse(word);
  if (!Number.isNaN(date)) return Math.max(0, date - nowMs);
  const reset = /;\s*r=0\s*;\s*t=(\d{1,9})\b/.exec(headers.get("ratelimit") ?? "")?.[1];
  return reset === undefined ? undefined : Number(reset) * 1_000;
}
