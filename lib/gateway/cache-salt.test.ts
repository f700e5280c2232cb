import { expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
});

import { generateRequestSchema } from "@/lib/protocol/generate-request";
import { cacheSaltOf } from "./cache-salt";

const ID = "6d1f1c52-0c0e-4b8e-9a5e-0d7c2f3a9b11";

test("each owner and each conversation has a salt, the same each time, that names nobody", () => {
  const owners = [
    { owner: "anonymous" as const },
    { owner: "environment" as const },
    { owner: `key:${ID}` as const },
    { owner: `visitor:${ID}` as const },
    // The pages: neither what the visitor asks at the API, nor another conversation.
    { owner: `visitor:${ID}` as const, scope: "conversation-1" },
    { owner: `visitor:${ID}` as const, scope: "conversation-2" },
  ];
  const salts = owners.map((it) => cacheSaltOf(it, false));
  expect(new Set(salts).size).toBe(owners.length);
  expect(owners.map((it) => cacheSaltOf(it, false))).toEqual(salts);
  for (const salt of salts) {
    expect(generateRequestSchema.shape.cacheSalt.parse(salt)).toBe(salt);
    expect(salt).not.toContain(ID.slice(0, 8));
  }
});

test("where operators let callers share, conversations of pages stay apart", () => {
  const visitor = { owner: `visitor:${ID}` as const };
  expect(cacheSaltOf(visitor, true)).toBeUndefined();
  const scoped = { ...visitor, scope: "conversation-1" };
  expect(cacheSaltOf(scoped, true)).toBe(cacheSaltOf(scoped, false));
});
