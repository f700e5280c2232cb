import { expect, test } from "vitest";
import { workerTokenTable } from "./worker-text";

test("a name draws no line of its own, and moves no cursor", () => {
  const view = {
    ...{ id: "1", name: "\u001b[2J\u001b[31mEVIL\nrow\u202e", prefix: "pw-abc", workers: 1 },
    readsProviderKeys: false,
    ...{ state: "live" as const, createdAt: "2026-11-21T14:05:00.000Z", revokedAt: null },
  };
  const table = workerTokenTable([view]);
  expect(table.split("\n")).toHaveLength(2);
  expect(table).toContain("\ufffd[2J\ufffd[31mEVIL\ufffdrow\ufffd");
});
