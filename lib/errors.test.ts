import { expect, test } from "vitest";
import { AppError, ERROR_CODE_LIST, ERROR_CODES, isAppError, toAppError } from "./errors";

test("every code has an HTTP error status", () => {
  for (const code of ERROR_CODE_LIST) {
    expect(ERROR_CODES[code].status, code).toBeGreaterThanOrEqual(400);
    expect(ERROR_CODES[code].status, code).toBeLessThan(600);
  }
});

test("an AppError of another module graph is recognised", () => {
  const foreign = new AppError("conflict", { message: "x" });
  Object.setPrototypeOf(foreign, Error.prototype);
  expect(isAppError(foreign)).toBe(true);
  expect(isAppError(new Error("x"))).toBe(false);
  expect(isAppError(null)).toBe(false);
});

test("an abort becomes client-closed, a surprise becomes internal, the cause is kept and not told", () => {
  const abort = new DOMException("gone", "AbortError");
  expect(toAppError(abort)).toMatchObject({ code: "client-closed", status: 499, cause: abort });
  const surprise = new TypeError("secret detail");
  const mapped = toAppError(surprise);
  expect(mapped).toMatchObject({ code: "internal", cause: surprise });
  expect(mapped.message).not.toContain("secret detail");
});
