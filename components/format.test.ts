import { expect, test } from "vitest";
import {
  countOf,
  formatAge,
  formatBytes,
  formatCount,
  formatDate,
  formatLicence,
  formatParameters,
  formatPrice,
  formatSeconds,
  formatShare,
  THIN_SPACE,
} from "./format";

test("counts are grouped by thin spaces", () => {
  expect(formatCount(0)).toBe("0");
  expect(formatCount(999)).toBe("999");
  expect(formatCount(1012.4)).toBe(`1${THIN_SPACE}012`);
  expect(formatCount(1234567)).toBe(`1${THIN_SPACE}234${THIN_SPACE}567`);
  expect(formatCount(-1500)).toBe(`−1${THIN_SPACE}500`);
  expect(formatCount(-0.2)).toBe("0");
  expect(countOf(1, "vote")).toBe("1 vote");
  expect(countOf(2, "vote")).toBe("2 votes");
});

test("parameters carry their unit", () => {
  expect(formatParameters(410_048)).toBe(`410${THIN_SPACE}k`);
  expect(formatParameters(2_244_320)).toBe(`2.2${THIN_SPACE}M`);
  expect(formatParameters(7_000_000_000)).toBe(`7${THIN_SPACE}B`);
});

test("times and shares", () => {
  expect(formatShare(0.708)).toBe(`71${THIN_SPACE}%`);
  expect(formatSeconds(212)).toBe(`0.21${THIN_SPACE}s`);
  expect(formatAge(-40)).toBe("now");
  expect(formatAge(2_300)).toBe(`2${THIN_SPACE}s ago`);
  expect(formatAge(64_000)).toBe(`1${THIN_SPACE}min ago`);
  expect(formatDate(new Date(2026, 10, 21, 14, 5))).toBe("21 Nov 2026, 14:05");
});

test("a licence is written as SPDX writes it, an unknown one as its card does", () => {
  expect(formatLicence("apache-2.0")).toBe("Apache-2.0");
  expect(formatLicence("cc-by-nc-4.0")).toBe("CC-BY-NC-4.0");
  expect(formatLicence("Llama 3.1 community")).toBe("Llama 3.1 community");
});

test("bytes are told in the largest unit that leaves a whole number before the point", () => {
  expect(formatBytes(0)).toBe(`0${THIN_SPACE}B`);
  expect(formatBytes(999)).toBe(`999${THIN_SPACE}B`);
  expect(formatBytes(1_400_000)).toBe(`1.4${THIN_SPACE}MB`);
  expect(formatBytes(2e15)).toBe(`2000${THIN_SPACE}TB`);
});

test("a price is told in dollars a million tokens, without zeros that say nothing", () => {
  expect(formatPrice({ prompt: 0.15, completion: 0.6 })).toBe(
    "$0.15 in, $0.60 out a million tokens",
  );
  expect(formatPrice({ prompt: 3, completion: 0.075 })).toBe("$3 in, $0.075 out a million tokens");
  expect(formatPrice({ prompt: 0, completion: 0 })).toBe("free");
});
