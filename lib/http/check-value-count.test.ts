import { expect, test } from "vitest";
import { AppError } from "@/lib/errors";
import { BODY_LIST_ELEMENTS_MAX, BODY_VALUES_MAX } from "@/lib/limits";
import { checkValueCount } from "./check-value-count";

function refusalOf(body: unknown): AppError | undefined {
  try {
    checkValueCount(body);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  return undefined;
}

const listOf = (count: number, value: unknown) => Array.from({ length: count }, () => value);

test("a list of token ids may be long, any other is refused by its place", () => {
  expect(refusalOf({ prompt: listOf(300_000, 7) })).toBeUndefined();
  for (const value of [null, {}, [], "a", -1, 0.5]) {
    const content = listOf(BODY_LIST_ELEMENTS_MAX + 1, value);
    const refusal = refusalOf({ messages: [{ role: "user", content }] });
    expect(refusal).toMatchObject({ code: "invalid-request", param: "messages.0.content" });
    expect(refusalOf({ content: content.slice(1) })).toBeUndefined();
  }
});

test("many lists of allowed length are refused together", () => {
  const lists = listOf(5, listOf(BODY_LIST_ELEMENTS_MAX, {}));
  expect(refusalOf({ lists })).toMatchObject({ code: "invalid-request" });
  expect(
    refusalOf(Object.fromEntries(listOf(BODY_VALUES_MAX, "").map((it, at) => [at, it]))),
  ).toBeDefined();
});

test("depth costs no stack", () => {
  let body: unknown = 1;
  for (let depth = 0; depth < 50_000; depth++) body = { a: body };
  expect(refusalOf(body)).toBeUndefined();
});
