/** Goal: the picture of a shared conversation asks no other server for signs. Method: texts of many scripts. */
import { expect, test } from "vitest";
import { toDrawable } from "./drawable";

test("signs of our faces stay, others go, and too little is nothing", () => {
  expect(toDrawable("Où est l’été? “Łódź” – 5 €…", 80)).toBe("Où est l’été? “Łódź” – 5 …");
  expect(toDrawable("Hello 😀 world", 80)).toBe("Hello world");
  expect(toDrawable("日本の首都は?", 80)).toBeNull();
  expect(toDrawable("Привет, world", 80)).toBeNull();
  expect(toDrawable("😀", 80)).toBeNull();
  expect(toDrawable("tab\tand\nline", 80)).toBe("tab and line");
});

test("a long text is cut between words", () => {
  const cut = toDrawable("words ".repeat(40), 50) ?? "";
  expect(cut.length).toBeLessThanOrEqual(51);
  expect(cut.endsWith("words…")).toBe(true);
  expect(toDrawable("x".repeat(99), 50)).toHaveLength(51);
});
