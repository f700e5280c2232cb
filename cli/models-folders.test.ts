/**
 * Goal: models are brought, listed, verified and removed from a terminal. Method: the whole command in this process,
 * against a hub on loopback.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type HubServer, startHub } from "@/lib/stand-ins/hub-server";
import { runCli } from "./main";

const parent = mkdtempSync(join(tmpdir(), "parley-folders-"));
const root = resolve(import.meta.dirname, "..");
let hub: HubServer;

beforeAll(async () => {
  const files = {
    "config.json": Buffer.from("{}"),
    "tokenizer.json": Buffer.alloc(1_500, 32),
    "onnx/model_q4.onnx": Buffer.alloc(40_000, 7),
  };
  hub = await startHub({ repo: "maker/tiny", files });
});
afterAll(async () => {
  await hub.close();
  rmSync(parent, { recursive: true });
});

async function run(...words: string[]) {
  let written = "";
  let complaints = "";
  const code = await runCli(["models", ...words], {
    root,
    write: (text) => {
      written += text;
    },
    writeError: (text) => {
      complaints += text;
    },
  });
  return { code, written, complaints };
}
const bring = (...words: string[]) =>
  run("download", "--hub-url", hub.url, "--to", parent, ...words);

test("a model's way: brought, listed, verified, damaged, removed", async () => {
  const brought = await bring("maker/tiny");
  expect(brought).toMatchObject({ code: 0, written: expect.stringContaining("worker --model") });
  expect(brought.complaints).toMatch(
    /maker\/tiny {2}100 % {2}41\.5 kB of 41\.5 kB {2}3 of 3 files/,
  );
  const again = JSON.parse((await bring("maker/tiny", "--json")).written);
  expect(again).toMatchObject({ repo: "maker/tiny", bytes: 41_502, wasThere: true });

  mkdirSync(join(parent, "by-hand"));
  writeFileSync(join(parent, "by-hand", "config.json"), "{}");
  const { written } = await run("folders", "--in", parent);
  expect(written).toMatch(/^by-hand .*put there by hand/m);
  expect(written).toMatch(/^tiny +\d+\.\d kB +maker\/tiny +main 5f0b02c75b57/m);
  expect((await run("verify", "--in", parent)).code).toBe(0);

  writeFileSync(join(parent, "tiny", "config.json"), "[]");
  const damaged = await run("verify", "tiny", "--in", parent);
  expect(damaged).toMatchObject({ code: 1, written: "tiny: config.json: damaged\n" });
  expect(damaged.complaints).toContain("download it again");

  expect((await run("remove", "tiny", "--in", parent)).written).toContain("Say --yes");
  expect((await run("remove", "tiny", "--in", parent, "--yes", "--json")).code).toBe(0);
  expect((await run("remove", "by-hand", "--in", parent, "--yes")).code).toBe(1);
  expect((await run("verify", "tiny", "--in", parent)).code).toBe(2);
});

test("a download that was broken off is listed, is not well, and is removed or gone on with", async () => {
  const draft = join(parent, ".half.download");
  mkdirSync(draft);
  writeFileSync(join(draft, "model.onnx.0123.part"), "0123456789");
  expect((await run("folders", "--in", parent)).written).toMatch(/^half +10 B +unfinished/m);
  const listed = JSON.parse((await run("folders", "--in", parent, "--json")).written);
  expect(listed.models).toContainEqual(
    expect.objectContaining({ name: "half", state: "unfinished", source: null }),
  );
  const verified = await run("verify", "half", "--in", parent);
  expect(verified).toMatchObject({ code: 1, written: expect.stringContaining("not all of it") });
  expect((await run("remove", "half", "--in", parent, "--yes")).code).toBe(0);
  expect(existsSync(draft)).toBe(false);
});

test.each([
  [["tiny"], 2, "owner/name"],
  [["maker/tiny", "--name", "../out"], 2, "no name of a folder"],
  [["maker/tiny", "--hub-url", "hub.example"], 2, "--hub-url is no address"],
  [["maker/none"], 1, "no model maker/none"],
  [["maker/tiny", "--weights", "model_q2.onnx"], 1, "there is onnx/model_q4.onnx"],
  [["maker/tiny", "--hub", "elsewhere"], 2, "huggingface, modelscope"],
])("download %j is refused in words", async (words, code, says) => {
  const outcome = await bring(...words);
  expect(outcome).toMatchObject({ code, complaints: expect.stringContaining(says) });
});
