import { cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkModels, checkProviderKeys } from "./check-files";

const folder = mkdtempSync(join(tmpdir(), "parley-doctor-"));
afterAll(() => rmSync(folder, { recursive: true }));
const model = resolve(import.meta.dirname, "../../models/pico-s");
const graph = "onnx/model.onnx";

test.each([
  ["whole", () => {}, { state: "ok" }],
  [
    "with a graph cut off",
    (path: string) => truncateSync(join(path, graph), 100_000),
    { state: "broken", found: expect.stringContaining(`${graph} is no whole ONNX file.`) },
  ],
  [
    "with an empty graph",
    (path: string) => truncateSync(join(path, graph), 0),
    { state: "broken", remedy: expect.stringContaining("Copy the file again") },
  ],
  [
    "with a page in a graph's place",
    (path: string) => writeFileSync(join(path, graph), "<html>Not found</html>"),
    { state: "broken" },
  ],
  [
    "with half a tokenizer",
    (path: string) => truncateSync(join(path, "tokenizer.json"), 1_000),
    { state: "broken", found: expect.stringContaining("tokenizer.json") },
  ],
])("a model %s", async (what, damage, expected) => {
  const path = join(folder, what.replaceAll(" ", "-"));
  cpSync(model, path, { recursive: true });
  damage(path);
  const checks = await checkModels([{ name: basename(path), path }], folder, new Map());
  expect(checks).toEqual([expect.objectContaining(expected)]);
});

test("a models.yaml that is no YAML is named, in one line", () => {
  const path = join(folder, "models.yaml");
  writeFileSync(path, "models: [\n - {");
  const [check] = checkProviderKeys([folder]);
  expect(check).toMatchObject({ state: "broken", found: expect.stringContaining(path) });
  expect(check?.found).not.toContain("\n");
});
