import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { LOG_EXIT_MS_MAX, LOG_PENDING_CHARS_MAX } from "@/lib/limits";
import { LineWriter } from "./line-writer";

const errorOf = (code: string) => Object.assign(new Error(code), { code });
const turn = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** A reader that takes what `take` says, or throws. */
function reader(take: (bytes: Uint8Array) => number) {
  const seen: string[] = [];
  const writer = new LineWriter((bytes) => {
    const count = take(bytes);
    seen.push(Buffer.from(bytes.subarray(0, count)).toString());
    return count;
  });
  return { writer, seen, text: () => seen.join("") };
}

test("the lines of one turn leave in one write, and those of the next ones after a pause", async () => {
  const nowMs = vi.spyOn(performance, "now").mockReturnValue(1_000);
  onTestFinished(() => nowMs.mockRestore());
  const { writer, seen } = reader((bytes) => bytes.length);
  writer.write("a\n");
  writer.write("b\n");
  expect(seen).toEqual([]);
  await turn();
  writer.write("c\n");
  await turn();
  writer.write("d\n");
  expect(seen).toEqual(["a\nb\n"]);
  await vi.runAllTimersAsync();
  expect(seen).toEqual(["a\nb\n", "c\nd\n"]);
  nowMs.mockReturnValue(2_000);
  writer.write("e\n");
  await turn();
  expect(seen).toEqual(["a\nb\n", "c\nd\n", "e\n"]);
});

test("a write that goes through in part is finished, also within a letter of several bytes", async () => {
  const parts: Uint8Array[] = [];
  const writer = new LineWriter((bytes) => {
    parts.push(bytes.slice(0, 2));
    return Math.min(bytes.length, 2);
  });
  writer.write("für Ärzte – alle\n");
  await turn();
  writer.write("next\n");
  await vi.runAllTimersAsync();
  await turn();
  expect(Buffer.concat(parts).toString()).toBe("für Ärzte – alle\nnext\n");
});

test("a full pipe is tried again, and the order stays", async () => {
  let isFull = true;
  const { writer, text } = reader((bytes) => {
    if (isFull) throw errorOf("EAGAIN");
    return bytes.length;
  });
  writer.write("a\n");
  await turn();
  writer.write("b\n");
  isFull = false;
  await vi.runAllTimersAsync();
  await turn();
  expect(text()).toBe("a\nb\n");
});

test("what nobody reads is dropped beyond a limit, and the log says how much", async () => {
  let isFull = true;
  const { writer, text } = reader((bytes) => {
    if (isFull) throw errorOf("EAGAIN");
    return bytes.length;
  });
  const line = `${"x".repeat(LOG_PENDING_CHARS_MAX / 4 - 1)}\n`;
  for (let count = 0; count < 7; count++) writer.write(line);
  isFull = false;
  await turn();
  await vi.runAllTimersAsync();
  const [told = "", ...others] = text()
    .split("\n")
    .filter((it) => it.startsWith("{"));
  expect(JSON.parse(told)).toMatchObject({ level: 40, msg: expect.stringMatching(/^3 lines/) });
  expect(others).toEqual([]);
  expect(text().match(/x\n/g)).toHaveLength(4);
});

test.each(["EPIPE", "EBADF"])("%s ends the writing, also at the end", async (code) => {
  let attempts = 0;
  const { writer } = reader(() => {
    attempts += 1;
    throw errorOf(code);
  });
  writer.write("a\n");
  writer.flushSync();
  writer.write("b\n");
  await turn();
  writer.flushSync();
  expect(attempts).toBe(1);
});

test("the end waits for a slow reader, and not for ever", () => {
  let attempts = 0;
  const slow = reader((bytes) => {
    if (++attempts < 3) throw errorOf("EAGAIN");
    return bytes.length;
  });
  slow.writer.write("a\n");
  slow.writer.flushSync();
  expect(slow.text()).toBe("a\n");

  const nowMs = vi.spyOn(performance, "now");
  let clock = 0;
  nowMs.mockImplementation(() => {
    clock += LOG_EXIT_MS_MAX / 2;
    return clock;
  });
  const stuck = reader(() => {
    throw errorOf("EAGAIN");
  });
  stuck.writer.write("a\n");
  stuck.writer.flushSync();
  expect(stuck.seen).toEqual([]);
  nowMs.mockRestore();
});

test("a process that logs its last lines to nobody ends", async () => {
  vi.useRealTimers();
  const folder = mkdtempSync(join(tmpdir(), "parley-log-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "program.cjs");
  await build({
    stdin: {
      contents: `import { log } from "@/lib/telemetry/log";
        process.on("message", () => { log.info("last"); log.info("words"); process.exit(7); });
        log.info("first words");`,
      resolveDir: process.cwd(),
    },
    ...{ bundle: true, platform: "node", format: "cjs", outfile: program, logLevel: "silent" },
  });
  const child = fork(program, {
    env: { ...process.env, LOG_LEVEL: "info" },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const closed = once(child, "exit");
  const [first] = await once(child.stdout!, "data");
  expect(JSON.parse(String(first))).toMatchObject({ level: 30, msg: "first words" });
  child.stdout!.destroy();
  await once(child.stdout!, "close");
  child.send("go");
  expect(await closed).toEqual([7, null]);
});

test("a full disk loses what it could not take, says how much, and goes on when there is room", async () => {
  let isFull = true;
  const { writer, text } = reader((bytes) => {
    if (isFull) throw errorOf("ENOSPC");
    return bytes.length;
  });
  writer.write("a\n");
  writer.write("b\n");
  await turn();
  isFull = false;
  writer.write("c\n");
  await vi.runAllTimersAsync();
  await turn();
  expect(text()).toMatch(/^c\n.*2 lines of this log were dropped/);
});
