/**
 * For how long an upstream wants to be left alone, by the headers of its refusal: what it asks for, and else when
 * the window is over of which nothing is left (OpenAI, Groq, Azure, Anthropic, OpenRouter, Together and Hugging
 * Face tell of windows, some of them of nothing else).
 *
 * @returns seconds or a date, as `Retry-After` has them; undefined where nothing is told.
 */
export function readWait(headers: Headers, nowMs = Date.now()): string | undefined {
  const ms = toNumber(headers.get("retry-after-ms"));
  if (ms !== undefined) return String(ms / 1_000);
  const told = headers.get("retry-after")?.trim();
  if (told) return told;
  const waits: number[] = [];
  for (const [name, left] of headers) {
    if (!/ratelimit.*remaining/.test(name) || toNumber(left) !== 0) continue;
    const reset = headers.get(name.replace("remaining", "reset"));
    const seconds = reset === null ? undefined : toSeconds(reset.trim(), nowMs);
    if (seconds !== undefined) waits.push(seconds);
  }
  return waits.length === 0 ? undefined : String(Math.max(...waits));
}

/** As Go writes durations, which OpenAI and Groq do: `1h2m3.5s`, `120ms`. */
const DURATION = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?$/;
/** Numbers from here on are no seconds to wait but a time since 1970, in seconds and in milliseconds. */
const EPOCH_SECONDS = 1e9;
const EPOCH_MS = 1e12;

function toSeconds(reset: string, nowMs: number): number | undefined {
  const value = toNumber(reset);
  if (value !== undefined) {
    if (value < EPOCH_SECONDS) return value;
    return (value < EPOCH_MS ? value * 1_000 - nowMs : value - nowMs) / 1_000;
  }
  const duration = DURATION.exec(reset);
  if (duration) {
    const [hours = 0, minutes = 0, seconds = 0, ms = 0] = duration
      .slice(1)
      .map((it) => Number(it ?? 0));
    return hours * 3_600 + minutes * 60 + seconds + ms / 1_000;
  }
  const date = Date.parse(reset);
  return Number.isNaN(date) ? undefined : (date - nowMs) / 1_000;
}

function toNumber(text: string | null): number | undefined {
  if (text === null || text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
