import { expect, test } from "vitest";
import { AppError } from "@/lib/errors";
import { fromErrorCode, toFastchatError } from "./error-code";

test.each([
  [40001, "invalid-request"],
  [40302, "invalid-request"],
  [40303, "context-length-exceeded"],
  [42903, "overloaded"],
  [50001, "upstream-invalid"],
  [50002, "overloaded"],
  [50005, "no-worker"],
  [50006, "worker-lost"],
  [1, "upstream-invalid"],
])("FastChat's %i is %s", (number, code) => {
  expect(fromErrorCode(number).code).toBe(code);
});

test("an error of ours is told by FastChat's number", () => {
  const error = new AppError("forbidden", { message: "No." });
  expect(toFastchatError(error)).toEqual({ object: "error", message: "No.", code: 40102 });
  expect(toFastchatError(new AppError("unavailable", { message: "x" })).code).toBe(50001);
});
