/**
 * Goal: `parley doctor` says what is wrong with a platform and nothing of one that is well; `parley status --watch`
 * shows workers come and go, and leaves its terminal as it was.
 * Method: the real program before platforms that run, one of them broken on purpose; what is drawn is read off the
 * screen of a terminal.
 */
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { PseudoTerminal } from "@/cli/chat/__fixtures__/pseudo-terminal";
import { envSchema } from "@/lib/env";
import { freePort, ROOT, sharedPlatform, startMockWorker, startPlatform } from "./platform";

type Check = { name: string; state: string; found: string; remedy?: string };

const folder = mkdtempSync(join(tmpdir(), "parley-e2e-terminal-"));
test.afterAll(() => rmSync(folder, { recursive: true }));

const PROGRAM = [process.execPath, join(ROOT, "cli/parley.mjs")];

/** Settings of a test's own alone: an empty variable counts as not set. The test's runner sets FORCE_COLOR. */
function toEnvironment(variables: Record<string, string>): NodeJS.ProcessEnv {
  const unset = Object.fromEntries(Object.keys(envSchema.shape).map((name) => [name, ""]));
  const { FORCE_COLOR: _, NO_COLOR: __, ...outer } = process.env;
  return { ...outer, ...unset, PARLEY_CONFIG: "none", ...variables };
}

function toVariables({ url, dataDir }: { url: string; dataDir: string }): Record<string, string> {
  return { PORT: new URL(url).port, PARLEY_DATA_DIR: dataDir };
}

async function run(words: string[], variables: Record<string, string>, cwd = folder) {
  return await new Promise<{ code: number; text: string; complaints: string }>((settle) => {
    const [node = "", ...program] = [...PROGRAM, ...words];
    const env = toEnvironment(variables);
    const child = execFile(node, program, { cwd, env }, (_, text, complaints) =>
      settle({ code: child.exitCode ?? -1, text, complaints }),
    );
  });
}

async function examine(variables: Record<string, string>, cwd = folder) {
  const { code, text, complaints } = await run(["doctor", "--json"], variables, cwd);
  expect(complaints).not.toContain("    at ");
  const told: { isWell: boolean; checks: Check[] } = JSON.parse(text);
  expect(code).toBe(told.isWell ? 0 : 1);
  return { ...told, find: (name: string) => told.checks.find((it) => it.name === name) };
}

test.describe("parley doctor", () => {
  test("finds nothing broken where all is well, and says so of each thing", async () => {
    const variables = toVariables(sharedPlatform());
    const { isWell, find } = await examine(variables);
    expect(isWell).toBe(true);
    for (const name of ["node", "disk", "settings", "secrets", "database", "port", "platform"]) {
      expect(find(name), name).toMatchObject({ state: "ok" });
    }
    expect(find("database")?.found).toContain("newest schema");
    expect(find("platform")?.found).toBe(`${sharedPlatform().url} is ready`);
    expect(find("workers")?.found).toMatch(/^[3-9] registered, none of them silent$/);
    expect(find("model pico-l")?.found).toContain("as its worker loaded it");

    // For people a line each, and what to do below it; here nobody is a terminal, so nothing has colours.
    const { code, text } = await run(["doctor"], variables);
    expect(code).toBe(0);
    expect(text).toMatch(/^ok {7}node +v\d+/m);
    expect(text).toMatch(/^ok {7}workers +[3-9] registered/m);
    expect(text).not.toContain("\x1b[");
  });

  test("names a port that somebody else has, and keys of providers that are not set", async () => {
    const other = createServer();
    await new Promise<void>((settle) => other.listen(0, "127.0.0.1", settle));
    const address = other.address();
    const port = typeof address === "object" ? `${address?.port}` : "";
    const cwd = mkdtempSync(join(folder, "keys-"));
    writeFileSync(
      join(cwd, "models.yaml"),
      `models:
  - { name: lantern, provider: anthropic, model: claude-sonnet-4-5, key: E2E_UNSET_KEY }
  - { name: river, provider: openai, model: gpt-5.2, key: E2E_SET_KEY }
`,
    );
    const secret = "sk-of-the-terminal-tests";
    const variables = { PORT: port, PARLEY_DATA_DIR: join(cwd, "data"), E2E_SET_KEY: secret };
    try {
      const { isWell, checks, find } = await examine(variables, cwd);
      expect(isWell).toBe(false);
      expect(find("port")).toMatchObject({
        state: "broken",
        found: expect.stringContaining(`${port} on 127.0.0.1`),
        remedy: "Stop the program that has it, or set PORT to another one.",
      });
      expect(find("providers' keys")).toMatchObject({
        state: "broken",
        found: "Not set: E2E_UNSET_KEY (for lantern).",
      });
      expect(find("platform")).toMatchObject({ state: "skipped" });
      expect(JSON.stringify(checks)).not.toContain(secret);
      const { code, text, complaints } = await run(["doctor"], variables, cwd);
      expect(code).toBe(1);
      expect(text).toMatch(/^broken +port /m);
      expect(complaints).toContain("2 things are broken.");
    } finally {
      await new Promise((settle) => other.close(settle));
    }
  });

  test("names a platform without workers, and one whose database is gone", async () => {
    test.setTimeout(200_000);
    const models = join(folder, "no-models");
    mkdirSync(models);
    const platform = await startPlatform({ PARLEY_MODELS: models });
    try {
      const variables = { ...toVariables(platform), PARLEY_MODELS: models };
      const idle = await examine(variables);
      expect(idle.find("workers")).toMatchObject({
        state: "broken",
        found: "None is registered, so that nothing answers.",
      });
      expect(idle.find("models")).toMatchObject({ state: "warning" });
      expect(idle.find("database")).toMatchObject({ state: "ok" });

      // A launcher that sleeps cannot start another one.
      const { database } = platform.children();
      process.kill(platform.launcherPid, "SIGSTOP");
      try {
        process.kill(Number(database), "SIGKILL");
        await expect
          .poll(async () => (await examine(variables)).find("database")?.state, { timeout: 60_000 })
          .toBe("broken");
        const { isWell, find } = await examine(variables);
        expect(isWell).toBe(false);
        expect(find("database")?.found).toMatch(/^It does not answer: /);
        expect(find("platform")?.state).toMatch(/broken|warning/);
      } finally {
        process.kill(platform.launcherPid, "SIGCONT");
      }
    } finally {
      await platform.stop();
    }
    const stopped = await examine({
      PORT: `${await freePort()}`,
      PARLEY_DATA_DIR: platform.dataDir,
    });
    expect(stopped.find("platform")?.found).toContain("`npm start` starts one");
  });
});

test.describe("parley status --watch", () => {
  /** In a shell that tells afterwards how its terminal is set. */
  const watch = (words: string[] = [], variables: Record<string, string> = {}) =>
    new PseudoTerminal(
      [
        ...["sh", "-c", '"$@"; echo "ended with $?"; stty -a; echo over', "sh"],
        ...[...PROGRAM, "status", "--watch", ...words],
      ],
      {
        ...{ columns: 100, rows: 30, cwd: folder },
        env: toEnvironment({ ...toVariables(sharedPlatform()), ...variables }),
      },
    );

  /** The last word on each of what it switches. */
  function expectLeft({ all, written }: PseudoTerminal): void {
    expect(all).toMatch(/(^|\s)icanon/m);
    expect(all).toMatch(/(^|\s)echo(\s|;)/m);
    for (const [on, off] of [
      ["\x1b[?25h", "\x1b[?25l"],
      ["\x1b[?7h", "\x1b[?7l"],
      ["\x1b[?2026l", "\x1b[?2026h"],
      ["\x1b[?2004l", "\x1b[?2004h"],
    ] as const) {
      expect(written.lastIndexOf(on), JSON.stringify(on)).toBeGreaterThan(written.lastIndexOf(off));
    }
  }

  test("redraws in place as a worker comes and goes and the terminal changes, until q", async () => {
    const terminal = watch();
    try {
      const view = () => terminal.view;
      await expect.poll(view).toMatch(/Models .*pico-l[\s\S]*q leaves/);
      const worker = await startMockWorker(["mock/slow"]);
      try {
        await expect.poll(view).toMatch(/Models .*mock\/slow[\s\S]*\(mock, ready\)/);
      } finally {
        await worker.stop();
      }
      await expect.poll(view).not.toContain("mock/slow");
      // In place: nothing has scrolled away, and the address stands there once.
      expect(terminal.all.match(/^Address /gm)).toHaveLength(1);

      terminal.resize({ columns: 40, rows: 30 });
      await expect
        .poll(() => terminal.view.match(/^(Workers|Models) .*…$/gm)?.length)
        .toBeGreaterThan(0);
      terminal.resize({ columns: 100, rows: 30 });
      await expect.poll(view).toMatch(/Models .*pico-s/);
      expect(terminal.view.match(/^Address /gm)).toHaveLength(1);

      terminal.type("q");
      await expect.poll(() => terminal.all).toMatch(/^over$/m);
      expect(terminal.all).toContain("ended with 0");
      // What was seen last stays.
      expect(terminal.all).toMatch(/State +ready/);
      expectLeft(terminal);
    } finally {
      terminal.close();
    }
  });

  test("Ctrl-C leaves it as well; with NO_COLOR nothing has a colour", async () => {
    const coloured = watch();
    const plain = watch([], { NO_COLOR: "1" });
    const hasColour = ({ written }: PseudoTerminal) =>
      written.split("\x1b[").some((it) => /^[\d;]*m/.test(it));
    try {
      for (const terminal of [coloured, plain]) {
        await expect.poll(() => terminal.view).toContain("q leaves");
        terminal.type("\x03");
        await expect.poll(() => terminal.all).toMatch(/^over$/m);
        expect(terminal.all).toContain("ended with 0");
        expectLeft(terminal);
      }
      expect(hasColour(coloured)).toBe(true);
      expect(hasColour(plain)).toBe(false);
    } finally {
      coloured.close();
      plain.close();
    }
  });

  test("with --json it is an object a line, also while nobody answers", async () => {
    const read = async (words: string[]) => {
      const [node = "", ...program] = [...PROGRAM, "status", "--watch", "--json", ...words];
      const env = toEnvironment(toVariables(sharedPlatform()));
      const child = spawn(node, program, {
        cwd: folder,
        env,
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = new Promise<number | null>((settle) => child.once("exit", settle));
      let text = "";
      for await (const piece of child.stdout.setEncoding("utf8")) {
        text += piece;
        if (text.split("\n").length > 2) child.kill("SIGINT");
      }
      expect(await ended).toBe(0);
      return text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    };
    for (const status of await read([])) {
      expect(status).toMatchObject({ url: sharedPlatform().url, ready: true, waiting: 0 });
      expect(status.models).toContain("pico-s");
      expect(status.workers.length).toBeGreaterThanOrEqual(3);
    }
    const nobody = await read(["--url", `http://127.0.0.1:${await freePort()}`]);
    for (const status of nobody) expect(status.error).toContain("No Parley answers");
  });
});
