import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkModels } from "./check-models";

test("a check tells what a model is not asked for, and the command that sets its prices", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parley-check-"));
  const path = join(folder, "models.yaml");
  writeFileSync(
    path,
    `models:
  - name: it's new
    provider: anthropic
    model: claude-opus-4-7
    prices: { input: 3, output: 15, cachedInput: 0.3 }
    anonymousOnly: true
`,
  );
  const told = await checkModels({ path, only: [], variable: () => "sk-secret" });
  rmSync(folder, { recursive: true });
  expect(told).toMatch(/^1 model, no faults\.\n\nit's new: claude-opus-4-7 of anthropic\n/);
  expect(told).toMatch(/is not asked for sampling\.temperature: /);
  expect(told).toContain(
    "npx parley models set 'it'\\''s new' --price-prompt 3 --price-completion 15 --price-cached-prompt 0.3\n",
  );
  expect(told).toMatch(/8192 tokens \(a guess: say contextLength\)/);
  expect(told).not.toContain("sk-secret");
});
