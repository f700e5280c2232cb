/** Goal: of those who install or build in one checkout, one is at it at a time. Method: real processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, expect, onTestFinished, test } from "vitest";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "parley-lock-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const lock = pathToFileURL(join(import.meta.dirname, "build-lock.mjs")).href;
  // Its name is that of a program of ours, by which a holder of the lock is known.
  writeFileSync(
    join(folder, "build.mjs"),
    `import { appendFileSync } from "node:fs";
     import { withBuildLock } from ${JSON.stringify(lock)};
     const [folder, mode] = process.argv.slice(2);
     const note = (text) => appendFileSync(folder + "/notes", text + "\\n");
     await withBuildLock(async () => {
       note("begin " + process.pid);
       console.log("holding");
       if (mode === "hold") await new Promise((go) => process.stdin.once("data", go));
       else await new Promise((go) => setTimeout(go, 20));
       note("end " + process.pid);
     }, { folder });
     process.exit(0);`,
  );
});

function start(mode = "quick") {
  const child: ChildProcess = spawn(process.execPath, [join(folder, "build.mjs"), folder, mode]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const heard = { said: "" };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      heard.said += text;
    });
  }
  return Object.assign(heard, { child, closed: once(child, "close") });
}

const notes = () => readFileSync(join(folder, "notes"), "utf8").trim().split("\n");
const leftOver = () => readdirSync(folder).filter((name) => name.startsWith(".build-lock"));

test("a second says whom it waits for, and goes on when the first is done", async () => {
  const first = start("hold");
  await once(first.child.stdout!, "data");
  const second = start();
  await once(second.child.stderr!, "data");
  expect(second.said).toBe(
    `  Another build is running (process ${first.child.pid}), waiting for it.\n`,
  );
  first.child.stdin?.write("go\n");
  expect(await second.closed).toEqual([0, null]);
  expect(second.said.match(/Another/g)).toHaveLength(1);
  expect(notes()).toEqual(
    [first, second].flatMap(({ child }) => [`begin ${child.pid}`, `end ${child.pid}`]),
  );
  expect(leftOver()).toEqual([]);
});

test("locks of a killed process, of a stranger by the same number, and of nobody stop no one", async () => {
  const killed = start("hold");
  await once(killed.child.stdout!, "data");
  killed.child.kill("SIGKILL");
  await killed.closed;
  expect(leftOver()).toHaveLength(1);
  expect(await start().closed).toEqual([0, null]);
  for (const content of [String(process.ppid), "", "nonsense"]) {
    writeFileSync(join(folder, ".build-lock"), content);
    expect(await start().closed, content).toEqual([0, null]);
  }
  expect(leftOver()).toEqual([]);
});

test("six at once over a dead one's lock take turns", async () => {
  writeFileSync(join(folder, ".build-lock"), "999999999");
  const all = Array.from({ length: 6 }, () => start());
  expect(await Promise.all(all.map((it) => it.closed))).toEqual(all.map(() => [0, null]));
  const lines = notes();
  for (let index = 0; index < lines.length; index += 2) {
    expect(lines[index + 1]).toBe(lines[index]?.replace("begin", "end"));
  }
  expect(lines).toHaveLength(12);
  expect(leftOver()).toEqual([]);
});
