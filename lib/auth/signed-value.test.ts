import { describe, expect, test } from "vitest";
import { openValue, signValue } from "./signed-value";

const SECRET = "a secret of the tests";
const signed = signValue("0198-visitor", "visitor", SECRET);

describe("signed values", () => {
  test("open with the secret and purpose they were made for", () => {
    expect(openValue(signed, "visitor", SECRET)).toBe("0198-visitor");
  });

  test("open for no other purpose and with no other secret", () => {
    expect(openValue(signed, "admin-session", SECRET)).toBeUndefined();
    expect(openValue(signed, "visitor", `${SECRET}.`)).toBeUndefined();
  });

  test("do not open when any one character is changed, dropped or added", () => {
    for (let index = 0; index < signed.length; index++) {
      const other = signed[index] === "A" ? "B" : "A";
      const changed = signed.slice(0, index) + other + signed.slice(index + 1);
      expect(openValue(changed, "visitor", SECRET)).toBeUndefined();
      expect(
        openValue(signed.slice(0, index) + signed.slice(index + 1), "visitor", SECRET),
      ).toBeUndefined();
    }
    for (const more of ["A", "=", ".", " ", "\0"]) {
      expect(openValue(signed + more, "visitor", SECRET)).toBeUndefined();
    }
  });

  test.each(["", ".", "..", "a.", ".b", "a.b", "a.b.c"])("do not open from %j", (text) => {
    expect(openValue(text, "visitor", SECRET)).toBeUndefined();
  });
});
