import { expect, test } from "vitest";
import { PARLEYS_MAX } from "@/lib/fleet-limits";
import { createId } from "@/lib/util/id";
import { readVia, toViaHeader, VIA_HEADER } from "./via";

const parseVia = (header: string) => readVia(new Headers({ [VIA_HEADER]: header }));

test("what is written is read", () => {
  const via = [createId(), createId(), createId()];
  expect(parseVia(toViaHeader(via))).toEqual(via);
  expect(readVia(new Headers())).toEqual([]);
});

test.each(["", "x", `${createId()},`, `${createId()};${createId()}`])("%j is refused", (header) => {
  expect(() => parseVia(header)).toThrow(expect.objectContaining({ code: "invalid-request" }));
});

test("a way that is too long may be shorter elsewhere", () => {
  const via = Array.from({ length: PARLEYS_MAX + 1 }, createId);
  expect(parseVia(toViaHeader(via.slice(1)))).toHaveLength(PARLEYS_MAX);
  expect(() => parseVia(toViaHeader(via))).toThrow(
    expect.objectContaining({ code: "upstream-invalid", retryable: true }),
  );
});
