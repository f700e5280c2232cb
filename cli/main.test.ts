import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
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

// It bundles what was changed since, and waits for others that do: seconds, of which a busy machine makes a minute.
test("`npx parley` in any folder of the clone is ours", { timeout: 180_000 }, async () => {
  const words = ["exec", "--no", "--", "parley", "--version"];
  const { stdout } = await promisify(execFile)("npm", words, { cwd: resolve(root, "lib") });
  expect(stdout.trim()).toBe("parley-app 0.1.0");
});

test("says its version and its commands", async () => {
  expect(await run("--version")).toMatchObject({ code: 0, written: "parley-app 0.1.0\n" });
  expect((await run("--help")).written).toMatch(/status[\s\S]*worker[\s\S]*db/);
});

test("names a command that it does not know", async () => {
  const { code, complaints } = await run("stauts");
  expect(code).toBe(2);
  expect(complaints).toContain("stauts");
});

test.each([
  [["stauts"], "unknown command 'stauts'", "status"],
  [["help", "stauts"], "unknown command 'stauts'", "status"],
  [["keys", "crate"], "unknown command 'crate'", "create"],
  [["chat", "--modle", "x"], "unknown option '--modle'", "--model"],
])("%j is told with what comes near it, and nothing else", async (words, fault, near) => {
  const { code, complaints, written } = await run(...words);
  expect({ code, written }).toEqual({ code: 2, written: "" });
  expect(complaints).toBe(`error: ${fault}\n(Did you mean ${near}?)\n`);
});

test("status says where nobody answers, and what to do", async () => {
  // Port 9 is the discard service, which nobody runs.
  const { code, complaints } = await run("status", "--url", "http://127.0.0.1:9");
  expect(code).toBe(1);
  expect(complaints).toBe(
    "No Parley answers at http://127.0.0.1:9. Start it with `npm start`, or name another address with --url.\n",
  );
});

test("alone it shows what there is, and nothing of it is coloured where nobody looks", async () => {
  const { code, written } = await run();
  expect(code).toBe(0);
  for (const heading of ["Talk:", "Run:", "Keep:", "Votes and boards:", "Begin with:"]) {
    expect(written).toContain(heading);
  }
  expect(written).not.toContain("\x1b");
  // Whoever adds a command says where it stands.
  expect(written).toMatch(/^Commands:\n {2}help .*\n\n/m);
  vi.stubEnv("FORCE_COLOR", "1");
  expect((await run()).written).toContain("\x1b[1mTalk:");
  vi.stubEnv("NO_COLOR", "1");
  expect((await run()).written).not.toContain("\x1b");
});

/** The commands beneath one, as its help lists them. */
async function namesBeneath(words: readonly string[]): Promise<string[]> {
  const { written } = await run(...words, "--help");
  const headings = /^(?:Commands|Talk|Run|Keep|Votes and boards):$/m;
  const lists = written.split(headings).slice(1);
  // A list ends with an empty line.
  const rows = lists.flatMap((it) => (it.split("\n\n")[0] ?? "").split("\n"));
  return rows.flatMap((row) => /^ {2}([a-z][a-z-]*)/.exec(row)?.[1] ?? []);
}

test("every command shows an example and how it ends", async () => {
  const lacking: string[] = [];
  const visit = async (words: readonly string[]): Promise<void> => {
    // The flags of `worker` are its own program's, which tells of them.
    if (words[0] === "worker") return;
    const names = (await namesBeneath(words)).filter((it) => it !== "help");
    for (const name of names) await visit([...words, name]);
    if (names.length > 0) return;
    const { written } = await run(...words, "--help");
    if (!/^Examples?:/m.test(written) || !/^Exit codes:/m.test(written))
      lacking.push(words.join(" "));
  };
  await visit([]);
  expect(lacking).toEqual([]);
});
