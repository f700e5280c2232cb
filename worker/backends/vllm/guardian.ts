import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";

/**
 * A process between the worker and the server that it launched, so that none is left behind: it starts the
 * server in a process group of its own (vLLM's engines are processes of that group), and ends the group when
 * told to, and when the worker is gone, however it went: the channel between them closes then. The worker for
 * its part ends the group when the guardian is gone. Only who kills both at once leaves the server behind.
 *
 * As a text, since the worker is one bundle in production: there is no file of it to start.
 */
const PROGRAM = `
const { spawn } = require("node:child_process");
const [graceMs, command, ...words] = process.argv.slice(1);
const child = spawn(command, words, { stdio: ["ignore", "inherit", "inherit"], detached: true });
const tell = (message) => { if (process.connected) process.send(message); };
const kill = (signal) => { try { process.kill(-child.pid, signal); } catch {} };
let isEnding = false;
const end = () => {
  if (isEnding || child.pid === undefined) return;
  isEnding = true;
  kill("SIGTERM");
  setTimeout(() => kill("SIGKILL"), Number(graceMs));
};
process.on("disconnect", end);
process.on("message", end);
process.on("SIGTERM", end);
process.on("SIGINT", () => undefined);
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);
const leave = (message) => {
  if (!process.connected) process.exit();
  process.send(message, () => process.exit());
};
child.on("spawn", () => tell({ pid: child.pid }));
child.on("error", (error) => leave({ failed: error.code || String(error) }));
child.on("exit", (code, signal) => {
  kill("SIGKILL");
  leave({ code, signal });
});
`;

/** What a guardian tells of the server. */
export type GuardianWord =
  | { pid: number }
  | { failed: string }
  | { code: number | null; signal: string | null };

export type Guardian = ChildProcess & { stdout: Readable; stderr: Readable };

export function startGuardian(
  command: readonly string[],
  { graceMs, env }: { graceMs: number; env: NodeJS.ProcessEnv },
): Guardian {
  // With these three as pipes both streams are there; Node's type for it has no channel.
  return spawn(process.execPath, ["-e", PROGRAM, `${graceMs}`, ...command], {
    // Not in the worker's group: a Ctrl-C is the worker's to pass on.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env,
  }) as ChildProcess as Guardian;
}

/** The last resort, where a guardian died before its server. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}
