import { afterEach, expect, test, vi } from "vitest";
import { findModel, toOrigin } from "./place";

afterEach(() => vi.unstubAllEnvs());

const at = (host: string | undefined, more: Record<string, string> = {}) =>
  toOrigin(new Headers({ ...(host !== undefined && { host }), ...more }));

test("the origin is where the reader is", () => {
  expect(at("127.0.0.1:3000")).toBe("http://127.0.0.1:3000");
  expect(at("[::1]:3000")).toBe("http://[::1]:3000");
  expect(at("parley.example", { "x-forwarded-proto": "https" })).toBe("https://parley.example");
});

test("what could not stand in a shell's quotes is never shown", () => {
  for (const host of ['x"; rm -rf ~; "', "a b", "$(id)", "x/y", "", undefined]) {
    expect(at(host)).toMatch(/^http:\/\/localhost:\d+$/);
  }
  const model = (name: string) => ({
    ...{ name, awake: true, isApi: true, features: ["chat" as const] },
  });
  expect(findModel([model("a'b"), model("$(id)"), model("org/model-1:q4")], "chat")).toBe(
    "org/model-1:q4",
  );
});

test("a model asleep, or one that cannot, is in no example", () => {
  const models = [
    { name: "asleep", awake: false, isApi: true, features: ["embeddings" as const] },
    { name: "talks", awake: true, isApi: true, features: ["chat" as const] },
    { name: "on-pages", awake: true, isApi: false, features: ["embeddings" as const] },
  ];
  expect(findModel(models, "embeddings")).toBeUndefined();
});
