import { expect, test } from "vitest";
import { toKeyAction } from "./key-action";

const press = (key: string, rest = {}) => ({
  ...{ key, ctrlKey: false, metaKey: false, altKey: false, repeat: false },
  ...rest,
});

test.each([
  ["1", "a"],
  ["ArrowLeft", "a"],
  ["2", "b"],
  ["ArrowRight", "b"],
  ["3", "tie"],
  ["4", "both-bad"],
])("%s votes %s", (key, outcome) => {
  expect(toKeyAction(press(key), false)).toEqual({ type: "vote", outcome });
});

test("new round, help and stop", () => {
  expect(toKeyAction(press("n"), false)).toEqual({ type: "new-round" });
  expect(toKeyAction(press("N"), false)).toEqual({ type: "new-round" });
  expect(toKeyAction(press("?"), false)).toEqual({ type: "help" });
  expect(toKeyAction(press("Escape"), false)).toEqual({ type: "stop" });
});

test("keys sleep while one types, except Escape", () => {
  for (const key of ["1", "2", "3", "4", "n", "?", "ArrowLeft"]) {
    expect(toKeyAction(press(key), true)).toBeNull();
  }
  expect(toKeyAction(press("Escape"), true)).toEqual({ type: "stop" });
});

test("shortcuts of the browser and held keys mean nothing", () => {
  for (const held of ["ctrlKey", "metaKey", "altKey", "repeat"]) {
    expect(toKeyAction(press("1", { [held]: true }), false)).toBeNull();
  }
  expect(toKeyAction(press("x"), false)).toBeNull();
});
