/**
 * Goal: `npm start` keeps its promises when things go wrong. Method: the real launcher with one bundled
 * model, its processes killed one after the other. Tests in a block share a platform and run in order.
 */
import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  onTestFailed,
  onTestFinished,
  test,
  vi,
} from "vitest";
import { type Platform, startPlatform } from "@/e2e/platform";
import { isAlive, processState } from "@/lib/util/is-alive";

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "parley-start-"));
const models = join(folder, "models");

beforeAll(async () => {
  mkdirSync(models);
  symlinkSync(resolve(root, "models/pico-s"), join(models, "pico-s"));
  // Builds what is stale, so that no test below waits for it.
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: root, stdio: "ignore" });
}, 240_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const until = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 50 });

/** Without `auto`, which stands for one of them. */
async function modelNames(url: string): Promise<string[]> {
  const { data } = await (await fetch(`${url}/v1/models`)).json();
  return data.map((model: { id: string }) => model.id).filter((id: string) => id !== "auto");
}

/** All that the launcher and its children wrote. */
function readLog({ dataDir }: Platform): string {
  const logs = join(dataDir, "logs");
  return readdirSync(logs)
    .map((name) => readFileSync(join(logs, name), "utf8"))
    .join("\n");
}

/** Who of them lives, with the state that the system gives it: what a failure has to tell. */
function living(processes: Record<string, number>): string[] {
  return Object.entries(processes)
    .filter(([, pid]) => isAlive(pid))
    .map(([name, pid]) => `${name} ${pid} (${processState(pid)})`);
}

/** Runs the launcher where it is expected to refuse. */
async function refusal(variables: Record<string, string>, words: string[] = []) {
  const child: ChildProcess = spawn(process.execPath, [...words, "scripts/start.mjs"], {
    cwd: root,
    env: { ...process.env, PORT: "0", PARLEY_MODELS: models, ...variables },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const [code] = await once(child, "close");
  return { code, said };
}

describe("a running platform", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await startPlatform({ PARLEY_MODELS: models });
  }, 120_000);
  afterAll(() => platform.stop());

  test("begins in an empty folder without a warning", () => {
    expect(platform.output()).not.toMatch(/^ *(warn|error|fatal) /m);
    expect(readLog(platform)).not.toMatch(/ (warn|error|fatal) |ERROR: /);
  });

  test("prints where it is, and keeps its secrets to its owner", async () => {
    expect(platform.output()).toContain(`Open         ${platform.url}\n`);
    expect(platform.output()).toContain(`Admin token  ${platform.adminToken}\n`);
    expect(await modelNames(platform.url)).toEqual(["pico-s"]);
    for (const name of ["secrets.json", "running.json"]) {
      expect(statSync(join(platform.dataDir, name)).mode & 0o777).toBe(0o600);
    }
  });

  test("is found by `npx parley`, wherever that is typed", () => {
    const words = [join(root, "cli/parley.mjs"), "status", "--json"];
    const env = { ...process.env, PARLEY_DATA_DIR: platform.dataDir };
    const status = execFileSync(process.execPath, words, { cwd: tmpdir(), env, encoding: "utf8" });
    expect(JSON.parse(status)).toMatchObject({
      url: platform.url,
      ready: true,
      models: ["pico-s"],
      workers: [{ name: "pico-s", kind: "onnx", state: "ready" }],
    });
  });

  test("takes a model folder that `npx parley worker` brings, until Ctrl-C", async () => {
    cpSync(resolve(root, "models/pico-s"), join(folder, "brought"), { recursive: true });
    const words = [join(root, "cli/parley.mjs"), "worker", "--model", "brought"];
    // Paths are those of the folder it is typed in.
    const worker = spawn(process.execPath, words, {
      cwd: folder,
      env: { ...process.env, PARLEY_DATA_DIR: platform.dataDir },
      stdio: "ignore",
    });
    onTestFinished(() => void worker.kill("SIGKILL"));
    const closed = once(worker, "close");
    await until(async () => expect(await modelNames(platform.url)).toEqual(["brought", "pico-s"]));
    const ask = async () => {
      const reply = await fetch(`${platform.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          ...{ model: "brought", max_tokens: 8 },
          messages: [{ role: "user", content: "Hello!" }],
        }),
      });
      return { status: reply.status, body: await reply.json() };
    };
    const { status, body } = await ask();
    expect([status, body.model]).toEqual([200, "brought"]);
    expect(body.choices[0].message.content).not.toBe("");
    worker.kill("SIGINT");
    expect(await closed).toEqual([0, null]);
    expect(await modelNames(platform.url)).toEqual(["pico-s"]);
    expect((await ask()).status).toBe(503);
  });

  test("refuses a second launcher on its folder with one line, and lives on", async () => {
    const { code, said } = await refusal({ PARLEY_DATA_DIR: platform.dataDir });
    expect(code).toBe(78);
    expect(said).toBe(
      `Parley already runs from this folder at ${platform.url} (process ${platform.launcherPid}). Stop it with Ctrl-C or \`kill ${platform.launcherPid}\`, or set PARLEY_DATA_DIR and PORT for a second one.\n`,
    );
    expect((await fetch(`${platform.url}/readyz`)).status).toBe(200);
  });

  test("gives another launcher, on its port, one line and its exit code", async () => {
    const dataDir = join(folder, "taken");
    const port = new URL(platform.url).port;
    const { code, said } = await refusal({ PARLEY_DATA_DIR: dataDir, PORT: port });
    expect(code).toBe(78);
    expect(said.match(/Port \d+ on 127.0.0.1 is taken.*set PORT to another one/g)).toHaveLength(1);
    expect(said).not.toContain("    at ");
  });

  test.each(["worker pico-s", "web", "database"])("starts a killed %s again", async (name) => {
    onTestFailed(() => console.error(platform.output()));
    const before = platform.children();
    process.kill(before[name]!, "SIGKILL");
    await until(() => {
      expect(platform.children()[name]).toBeDefined();
      expect(platform.children()[name]).not.toBe(before[name]);
    });
    await until(async () => {
      expect((await fetch(`${platform.url}/readyz`)).status).toBe(200);
      expect(await modelNames(platform.url)).toEqual(["pico-s"]);
    });
    const after = platform.children();
    const others = Object.keys(before).filter((it) => it !== name);
    expect(others.map((it) => after[it])).toEqual(others.map((it) => before[it]));
  });

  test("stops everything on a signal, and starts again with the same token", async () => {
    const { adminToken, dataDir } = platform;
    const children = platform.children();
    expect(living(children)).toHaveLength(3);
    process.kill(platform.launcherPid, "SIGINT");
    await until(() => expect(living(children)).toEqual([]));
    await until(() => expect(isAlive(platform.launcherPid)).toBe(false));

    const again = await startPlatform({ PARLEY_MODELS: models, PARLEY_DATA_DIR: dataDir });
    onTestFinished(() => again.stop());
    expect(again.output()).toContain(`Admin token  ${adminToken}\n`);
  });
});

describe("a stop in the middle of an answer", () => {
  /** A platform, and an answer of 200 ms a token that has said its first. */
  async function begin(variables: Record<string, string>, tokens: number) {
    const platform = await startPlatform({ PARLEY_MODELS: models, ...variables });
    onTestFinished(() => platform.stop());
    const secrets = JSON.parse(readFileSync(join(platform.dataDir, "secrets.json"), "utf8"));
    // Not one of the launcher's, so that it is the web process that has to wait.
    const worker = fork(
      join(root, "dist/worker.mjs"),
      ["--kind", "mock", "--model", "mock/slow", "--controller", platform.url],
      { env: { ...process.env, PARLEY_WORKER_SECRET: secrets.workerSecret }, stdio: "ignore" },
    );
    onTestFinished(() => void worker.kill("SIGKILL"));
    await until(async () => expect(await modelNames(platform.url)).toContain("mock/slow"));
    const reply = await fetch(`${platform.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        ...{ model: "mock/slow", max_tokens: tokens, stream: true },
        messages: [{ role: "user", content: "Count." }],
      }),
    });
    const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
    const first = (await reader.read()).value ?? "";
    const readRest = async () => {
      let text = first;
      for (;;) {
        const { done, value } = await reader.read().catch(() => ({ done: true, value: "" }));
        if (done) return text;
        text += value;
      }
    };
    return { platform, rest: readRest() };
  }

  const isRefused = (url: string) =>
    fetch(`${url}/healthz`).then(
      () => false,
      () => true,
    );

  test("lets it finish, takes no new connection, and ends in order", async () => {
    const { platform, rest } = await begin({ PARLEY_DRAIN_SECONDS: "60" }, 20);
    let isAnswered = false;
    void rest.then(() => {
      isAnswered = true;
    });
    process.kill(platform.launcherPid, "SIGTERM");
    await until(async () => expect(await isRefused(platform.url)).toBe(true));
    expect(isAnswered).toBe(false);
    expect(await rest).toMatch(/data: \[DONE\]\n\n$/);
    await until(() => expect(isAlive(platform.launcherPid)).toBe(false));
    expect(platform.output()).toContain("Running answers have 60 s to finish");
    expect(platform.output()).toContain("Stopped.");
    expect(readLog(platform)).toMatch(/web.*ended with code 0/);
  });

  test("ends it with an error when its time is up", async () => {
    const { platform, rest } = await begin({ PARLEY_DRAIN_SECONDS: "1" }, 100);
    process.kill(platform.launcherPid, "SIGINT");
    const [begun, error] = (await rest).split(/(?=data: \{"error")/);
    expect(begun).toContain('"content":');
    expect(error).toContain("is being stopped");
    await until(() => expect(isAlive(platform.launcherPid)).toBe(false));
    expect(readLog(platform)).toMatch(/answers still running were cut/);
    expect(readLog(platform)).toMatch(/web.*ended with code 0/);
  });

  test("cuts it at the second Ctrl-C", async () => {
    const { platform, rest } = await begin({ PARLEY_DRAIN_SECONDS: "60" }, 100);
    process.kill(platform.launcherPid, "SIGINT");
    await until(async () => expect(await isRefused(platform.url)).toBe(true));
    // One that comes with the first is npm's copy of it, and none of its own.
    await new Promise((resolve) => setTimeout(resolve, 600));
    process.kill(platform.launcherPid, "SIGINT");
    expect(await rest).not.toContain("[DONE]");
    await until(() => expect(isAlive(platform.launcherPid)).toBe(false));
    expect(platform.output()).toContain("Stopped.");
  });
});

describe("a launcher that is killed", () => {
  test("leaves no process behind", async () => {
    const platform = await startPlatform({ PARLEY_MODELS: models });
    onTestFinished(() => platform.stop());
    const children = platform.children();
    expect(living(children)).toHaveLength(3);
    process.kill(platform.launcherPid, "SIGKILL");
    await until(() => expect(living(children)).toEqual([]));
  });
});

describe("an npm that is killed", () => {
  test("takes everything with it", async () => {
    const dataDir = join(folder, "npm");
    const env = { ...process.env, PORT: "0", PARLEY_DATA_DIR: dataDir, PARLEY_MODELS: models };
    const npm = spawn("npm", ["start"], { cwd: root, env, stdio: "ignore" });
    const running = () => JSON.parse(readFileSync(join(dataDir, "running.json"), "utf8"));
    await until(() => expect(Object.keys(running().children)).toHaveLength(3));
    const processes = { launcher: running().pid, ...running().children };
    npm.kill("SIGKILL");
    await until(() => expect(living(processes)).toEqual([]));
  });
});

describe("one line for", () => {
  test("a host beyond loopback without an admin token", async () => {
    const { code, said } = await refusal({
      PARLEY_DATA_DIR: join(folder, "open"),
      HOST: "0.0.0.0",
    });
    expect(code).toBe(78);
    expect(said.trim().split("\n")).toEqual([
      "HOST=0.0.0.0 opens the admin pages to the network, and no token is set. Set PARLEY_ADMIN_TOKEN to a secret of 16 characters or more, or leave HOST alone.",
    ]);
  });

  test("a variable that makes no sense", async () => {
    const { code, said } = await refusal({ PARLEY_DATA_DIR: join(folder, "odd"), PORT: "many" });
    expect(code).toBe(78);
    expect(said).toMatch(/^Settings: PORT: .*See \.env\.example or `npx parley config`\.\n$/);
  });

  test("a data folder that cannot be one", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const { code, said } = await refusal({ PARLEY_DATA_DIR: join(file, "data") });
    expect(code).toBe(78);
    expect(said.trim().split("\n")).toHaveLength(1);
    expect(said).toContain("PARLEY_DATA_DIR");
  });

  test("a Node that is too old", async () => {
    const pretend = join(folder, "pretend.cjs");
    writeFileSync(
      pretend,
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } });",
    );
    const { code, said } = await refusal({}, ["--require", pretend]);
    expect(code).toBe(78);
    expect(said).toMatch(/^Parley needs Node\.js 20\.12 or newer, and this is 18\.20\.4\. .*\n$/);
  });

  test("a port that another program has", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { code, said } = await refusal({
      PARLEY_DATA_DIR: join(folder, "port"),
      PORT: String(port),
    });
    expect(code).toBe(78);
    expect(said).toContain(`Port ${port} on 127.0.0.1 is taken by another program.`);
  });
});
