import { createHash } from "node:crypto";

/** By which repeated prompts are found: the same for texts that differ in case, blanks or forms of one character alone. */
export function hashPrompt(prompt: string): string {
  const plain = prompt.normalize("NFKC").toLowerCase().replaceAll(/\s+/gu, " ").trim();
  return createHash("sha256").update(plain).digest("base64url");
}
