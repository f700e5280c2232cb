import { expect, test, vi } from "vitest";
import { findBinding, type KeyBinding, keyName } from "./key-binding";

const run = vi.fn();
const BINDINGS: readonly KeyBinding[] = [
  { group: "g", label: "A is better", keys: ["1", "ArrowLeft"], run },
  { group: "g", label: "New round", keys: ["n"], run },
  { group: "g", label: "Stop", keys: ["Escape"], run, isAlways: true },
  { group: "g", label: "Not now", keys: ["r"], run: null },
  { group: "g", label: "Told only", keys: ["Enter"] },
];

const press = (key: string, rest = {}) => ({
  ...{ key, ctrlKey: false, metaKey: false, altKey: false, repeat: false },
  ...rest,
});

const AWAKE = { isTyping: false, areLettersOn: true };

test.each([
  ["1", "A is better"],
  ["ArrowLeft", "A is better"],
  ["n", "New round"],
  ["N", "New round"],
  ["Escape", "Stop"],
])("%s means %s", (key, label) => {
  expect(findBinding(press(key), BINDINGS, AWAKE)?.label).toBe(label);
});

test("keys sleep while one types, except those that are meant for it", () => {
  const typing = { ...AWAKE, isTyping: true };
  for (const key of ["1", "n", "ArrowLeft"]) {
    expect(findBinding(press(key), BINDINGS, typing)).toBeNull();
  }
  expect(findBinding(press("Escape"), BINDINGS, typing)?.label).toBe("Stop");
});

test("with letters switched off only keys that write nothing are left", () => {
  const off = { ...AWAKE, areLettersOn: false };
  for (const key of ["1", "n", "N"]) expect(findBinding(press(key), BINDINGS, off)).toBeNull();
  expect(findBinding(press("ArrowLeft"), BINDINGS, off)?.label).toBe("A is better");
  expect(findBinding(press("Escape"), BINDINGS, off)?.label).toBe("Stop");
});

test("shortcuts of the browser, held keys and what cannot be done now mean nothing", () => {
  for (const held of ["ctrlKey", "metaKey", "altKey", "repeat"]) {
    expect(findBinding(press("1", { [held]: true }), BINDINGS, AWAKE)).toBeNull();
  }
  for (const key of ["r", "Enter", "x"]) {
    expect(findBinding(press(key), BINDINGS, AWAKE)).toBeNull();
  }
});

test("keys are printed as keyboards have them", () => {
  expect(["n", "ArrowLeft", "Escape", "?", "/"].map(keyName)).toEqual(["N", "←", "Esc", "?", "/"]);
});
