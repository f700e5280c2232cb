import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { isAlive, processState } from "./is-alive";

test("this process lives, and one that has ended does not", async () => {
  expect(isAlive(process.pid)).toBe(true);
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "close");
  expect(isAlive(child.pid!)).toBe(false);
});

test("a process of somebody else's lives", () => {
  expect(isAlive(1)).toBe(true);
});

test.runIf(process.platform === "linux")(
  "one that has ended under a parent that takes no note of it does not live",
  async () => {
    // The shell becomes a program that never waits for the child it inherited.
    const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const [text] = await once(parent.stdout.setEncoding("utf8"), "data");
    const pid = Number(text);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
    await vi.waitFor(() => expect(processState(pid)).toBe("Z"));
    expect(() => process.kill(pid, 0)).not.toThrow();
    expect(isAlive(pid)).toBe(false);
  },
);
