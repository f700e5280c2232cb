import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { runCli } from "./main";

const root = resolve(import.meta.dirname, "..");

async function run(...words: string[]) {
  let written = "";
  let complaints = "";
  const code = await runCli(words, {
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

afterEach(() => vi.unstubAllEnvs());

test("`npx parley` in any folder of the clone is ours", () => {
  const words = ["exec", "--no", "--", "parley", "--version"];
  const said = execFileSync("npm", words, { cwd: resolve(root, "lib"), encoding: "utf8" });
  expect(said.trim()).toBe("parley-app 0.1.0");
});

test("says its version and its commands", async () => {
  expect(await run("--version")).toMatchObject({ code: 0, written: "parley-app 0.1.0\n" });
  expect((await run("--help")).written).toMatch(/status[\s\S]*worker[\s\S]*db/);
});

test("names a command that it does not know", async () => {
  const { code, complaints } = await run("stauts");
  expect(code).toBe(1);
  expect(complaints).toContain("stauts");
});

test("status says where nobody answers, and what to do", async () => {
  // Port 9 is the discard service, which nobody runs.
  const { code, complaints } = await run("status", "--url", "http://127.0.0.1:9");
  expect(code).toBe(1);
  expect(complaints).toBe(
    "No Parley answers at http://127.0.0.1:9. Start it with `npm start`, or name another address with --url.\n",
  );
});
