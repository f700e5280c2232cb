import { expect, test } from "vitest";
import { fillSystemPrompt } from "./system-prompt";

test("the moment of the turn is filled in wherever it is asked for, and nothing else is touched", () => {
  const now = new Date("2026-03-01T14:05:09.123Z");
  expect(fillSystemPrompt("It is {{currentDateTime}}; {{ currentDateTime }}.", now)).toBe(
    "It is 2026-03-01 14:05:09 UTC; 2026-03-01 14:05:09 UTC.",
  );
  expect(fillSystemPrompt("{{name}} $& {currentDateTime}", now)).toBe(
    "{{name}} $& {currentDateTime}",
  );
});
