import { expect, test } from "vitest";
import { hashPrompt } from "./prompt-hash";

test("case, blanks and compatible forms make no difference; words do", () => {
  const hash = hashPrompt("Write a poem about the sea");
  expect(hash).toMatch(/^[\w-]{43}$/);
  for (const same of ["  write a POEM\n\nabout\tthe sea ", "Ｗrite a poem about the sea"]) {
    expect(hashPrompt(same)).toBe(hash);
  }
  expect(hashPrompt("Write a poem about the sky")).not.toBe(hash);
  expect(hashPrompt("Writea poem about the sea")).not.toBe(hash);
});
