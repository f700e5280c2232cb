import { expect, test } from "vitest";
import { openCredentials, sealCredentials } from "./seal";

const PLACE = { id: "0190b2f4-0000-7000-8000-000000000001", provider: "bedrock" };
const SECRET = "a secret of this server";
const PAIR = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "wJalr/XUtn", sessionToken: "token" };

test("what is sealed opens again, several secrets in one, and is nowhere to be read", () => {
  const sealed = sealCredentials(PAIR, PLACE, SECRET);
  expect(openCredentials(sealed, PLACE, SECRET)).toEqual(PAIR);
  const bytes = sealed.split(".").map((it) => Buffer.from(it, "base64url").toString("latin1"));
  for (const word of Object.values(PAIR)) {
    expect(sealed).not.toContain(word);
    expect(bytes.join()).not.toContain(word);
  }
});

test("the same is never sealed the same twice", () => {
  const all = Array.from({ length: 50 }, () => sealCredentials({ key: "k" }, PLACE, SECRET));
  expect(new Set(all).size).toBe(50);
  expect(new Set(all.map((it) => it.split(".")[1])).size).toBe(50);
});

test.each([
  ["another secret", PLACE, "a secret of another server"],
  ["another row", { ...PLACE, id: "0190b2f4-0000-7000-8000-000000000002" }, SECRET],
  ["another provider", { ...PLACE, provider: "openai" }, SECRET],
])("it does not open with %s", (_what, place, secret) => {
  const sealed = sealCredentials(PAIR, PLACE, SECRET);
  expect(openCredentials(sealed, place, secret)).toBeUndefined();
});

test("a letter changed anywhere, or a part left out, closes it for good", () => {
  const sealed = sealCredentials(PAIR, PLACE, SECRET);
  const parts = sealed.split(".");
  for (const [index, part] of parts.entries()) {
    for (const at of [0, Math.floor(part.length / 2)]) {
      const other = part[at] === "A" ? "B" : "A";
      const changed = part.slice(0, at) + other + part.slice(at + 1);
      const text = parts.with(index, changed).join(".");
      expect(openCredentials(text, PLACE, SECRET)).toBeUndefined();
    }
    expect(openCredentials(parts.toSpliced(index, 1).join("."), PLACE, SECRET)).toBeUndefined();
  }
  // A tag cut short would be easier to guess.
  const [form, nonce, tag = "", text] = parts;
  const short = Buffer.from(tag, "base64url").subarray(0, 4).toString("base64url");
  expect(openCredentials([form, nonce, short, text].join("."), PLACE, SECRET)).toBeUndefined();
  expect(openCredentials("", PLACE, SECRET)).toBeUndefined();
  expect(openCredentials(`${sealed}.`, PLACE, SECRET)).toBeUndefined();
});
