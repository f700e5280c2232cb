import { describe, expect, test } from "vitest";
import { tokenCountBodySchema } from "./arena-view";
import { startBodySchema, turnBodySchema } from "./conversation-view";

describe.each([
  ["a battle's prompt", startBodySchema, { kind: "battle" }],
  ["a chat's prompt", startBodySchema, { kind: "chat", model: "m" }],
  ["a next prompt", turnBodySchema, {}],
  ["a counted prompt", tokenCountBodySchema, {}],
] as const)("%s", (_name, schema, more) => {
  test.each([
    ["NUL", "one\0two", /^holds a NUL/],
    ["NUL alone", "\0", /^holds a NUL/],
    ["half of a surrogate pair", "one \ud83d two", /^holds half of a surrogate pair/],
  ])("with %s is refused by name, before anything is stored", (_what, prompt, message) => {
    const [issue] = schema.safeParse({ ...more, prompt }).error?.issues ?? [];
    expect(issue).toMatchObject({ code: "custom", path: ["prompt"] });
    expect(issue?.message).toMatch(message);
  });

  test("may hold any other character", () => {
    const prompt = "tab\tline\nbell\u0007 right-to-left\u202e ÿ 你好 👩‍💻";
    expect(schema.parse({ ...more, prompt })).toMatchObject({ prompt });
  });
});
