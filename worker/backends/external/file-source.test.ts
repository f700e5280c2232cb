import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { FileSource } from "./file-source";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "parley-models-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a changed file is heard of, also when another one takes its place", async () => {
  const path = join(folder, "watched.yaml");
  writeFileSync(path, "models: []");
  const source = new FileSource({ path, intervalMs: 5 });
  const abort = new AbortController();
  const changed = new Promise<void>((resolve) => source.watch(resolve, abort.signal));
  const writing = setInterval(() => writeFileSync(path, `models: []\n# ${Math.random()}`), 10);
  await changed;
  clearInterval(writing);
  abort.abort();
});
