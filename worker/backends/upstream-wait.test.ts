import { expect, test } from "vitest";
import { readWait } from "./upstream-wait";

const NOW = Date.parse("2026-01-02T03:04:05Z");

test.each<[string, Record<string, string>, string | undefined]>([
  ["nothing", {}, undefined],
  ["seconds", { "retry-after": "7" }, "7"],
  ["a date", { "retry-after": "Fri, 02 Jan 2026 03:04:06 GMT" }, "Fri, 02 Jan 2026 03:04:06 GMT"],
  ["milliseconds, which are more exact", { "retry-after-ms": "1500", "retry-after": "2" }, "1.5"],
  ["milliseconds that are none", { "retry-after-ms": "soon", "retry-after": "2" }, "2"],
  [
    "the window of which nothing is left",
    {
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "6m0.5s",
      "x-ratelimit-remaining-tokens": "12",
      "x-ratelimit-reset-tokens": "9h",
    },
    "360.5",
  ],
  [
    "the later of two windows",
    {
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "120ms",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "2.5s",
    },
    "2.5",
  ],
  [
    "a time, as Anthropic writes it",
    {
      "anthropic-ratelimit-tokens-remaining": "0",
      "anthropic-ratelimit-tokens-reset": "2026-01-02T03:04:35Z",
    },
    "30",
  ],
  [
    "milliseconds since 1970, as OpenRouter writes it",
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW + 9_000) },
    "9",
  ],
  [
    "seconds since 1970",
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW / 1_000 + 9) },
    "9",
  ],
  ["seconds of a window", { "ratelimit-remaining": "0", "ratelimit-reset": "11" }, "11"],
  [
    "a window that cannot be read",
    { "ratelimit-remaining": "0", "ratelimit-reset": "later" },
    undefined,
  ],
  ["a window that is open", { "ratelimit-remaining": "3", "ratelimit-reset": "11" }, undefined],
])("%s", (_, headers, wait) => {
  expect(readWait(new Headers(headers), NOW)).toBe(wait);
});
