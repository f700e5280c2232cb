/** Goal: each conversation has a name that fits into a line and into a file system. Method: pure. */
import { expect, test } from "vitest";
import { toFileName, toTitle } from "./title";

test("its own name, else its first prompt in one line", () => {
  expect(toTitle("Foxes", "Tell me")).toBe("Foxes");
  expect(toTitle(null, " Tell\n\tme  all ")).toBe("Tell me all");
  expect(toTitle(null, "")).toBe("Untitled");
  const long = toTitle(null, "😀".repeat(300));
  expect([...long]).toHaveLength(120);
  expect(long.endsWith("😀…")).toBe(true);
});

test("file names hold letters and digits alone", () => {
  expect(toFileName("Où est l'Été? ../../etc", "md")).toBe("parley-ou-est-l-ete-etc.md");
  expect(toFileName("日本", "json")).toBe("parley-conversation.json");
});
