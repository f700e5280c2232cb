import pino from "pino";
import { expect, test } from "vitest";
import { AppError } from "@/lib/errors";
import { serializers, toLoggedError } from "./to-logged-error";

/** Shaped like drizzle's: the parameters in a property, the message and so the stack. */
class QueryError extends Error {
  readonly params = ["my secret prompt"];
  constructor(cause: Error) {
    super("Failed query: insert into messages values ($1)\nparams: my secret prompt\n    at ease", {
      cause,
    });
  }
}

function databaseError(): Error {
  const cause = Object.assign(new Error('violates check constraint "messages_prompt"'), {
    code: "23514",
    detail: "Failing row contains (my secret prompt).",
  });
  return new AppError("internal", { message: "Not saved.", cause: new QueryError(cause) });
}

test("no content of a failed statement is logged, at any depth", () => {
  const lines: string[] = [];
  const log = pino({ serializers }, { write: (line: string) => lines.push(line) });
  log.error({ err: databaseError() }, "request failed");
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain("secret");
  expect(lines[0]).toContain("insert into messages");
  expect(lines[0]).toContain("messages_prompt");
});

test("code, message, stack and causes stay", () => {
  const logged = toLoggedError(databaseError());
  expect(logged).toMatchObject({ type: "AppError", code: "internal", message: "Not saved." });
  expect(logged.cause?.cause).toMatchObject({ code: "23514" });
  expect(logged.stack).toContain("to-logged-error.test");
  expect(logged.cause?.stack).toContain("to-logged-error.test");
  expect(toLoggedError("just text")).toEqual({
    ...{ type: "string", message: "Something was thrown that is no Error.", stack: "" },
  });
});
