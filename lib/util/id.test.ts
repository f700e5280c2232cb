import { expect, test } from "vitest";
import { createId, isId } from "./id";

test("an id is a UUID of version 7 that sorts by its time", () => {
  const early = createId(1_700_000_000_000);
  const late = createId(1_700_000_000_001);
  expect(early[14]).toBe("7");
  expect("89ab").toContain(early[19]);
  expect(early < late).toBe(true);
  expect(Number.parseInt(early.replaceAll("-", "").slice(0, 12), 16)).toBe(1_700_000_000_000);
});

test("ids of one millisecond differ", () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => createId(1)));
  expect(ids.size).toBe(10_000);
});

test.each(["", "abc", "00000000-0000-7000-8000-00000000000G", "' or 1=1"])(
  "%j is not an id",
  (text) => expect(isId(text)).toBe(false),
);

test("what createId makes is an id", () => expect(isId(createId())).toBe(true));
