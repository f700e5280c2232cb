import { type ChildProcess, fork } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { isAlive } from "@/lib/util/is-alive";
import { settleWithin } from "@/lib/util/settle-within";
import { ROOT } from "../platform";

export type FleetProcessOptions = {
  name: string;
  program: string;
  words: string[];
  env: NodeJS.ProcessEnv;
  /** Modules that are loaded before the program. */
  preloads: string[];
  /** File that gets what it prints, over all its lives. */
  logPath: string;
  /** The message to its parent by which it says that it is up. */
  readyMessage: string;
};

/** From its spawning to its message; a machine with two busy cores takes a few seconds. */
const START_MS_MAX = 60_000;
/** After it was told to stop: its time to drain and more. */
const STOP_MS_MAX = 30_000;

/**
 * A program that tests end, freeze and start again, with the moments at which they did. Signals go to the
 * one process id that was spawned here.
 */
export class FleetProcess {
  readonly name: string;
  readonly #options: FleetProcessOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #isFrozen = false;
  /** When its last life was ended or seen to end, by performance.now(); undefined while it has had one life. */
  endedMs: number | undefined;
  /** When it was last up: its message came, or it was let go on. */
  upSinceMs = Number.POSITIVE_INFINITY;

  constructor(options: FleetProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** It runs and has said so, and nothing holds it. */
  get isUp(): boolean {
    return this.isRunning && !this.#isFrozen && performance.now() >= this.upSinceMs;
  }

  /** Milliseconds for which it has been up; 0 while it is not. */
  get upMs(): number {
    return this.isUp ? performance.now() - this.upSinceMs : 0;
  }

  /** Resolves when it says that it is up. @throws Error when it ends before. */
  async start(): Promise<void> {
    if (this.isRunning) return;
    const { name, program, words, env, preloads, logPath, readyMessage } = this.#options;
    const log = openSync(logPath, "a");
    const child = fork(program, words, {
      env,
      cwd: ROOT,
      execArgv: preloads.flatMap((path) => ["--import", path]),
      // A Ctrl-C goes to the whole process group, but the order in which they end is ours.
      detached: true,
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    this.#child = child;
    this.#isFrozen = false;
    this.upSinceMs = Number.POSITIVE_INFINITY;
    this.#exited = new Promise((settle) => {
      child.once("exit", () => {
        this.endedMs = performance.now();
        this.upSinceMs = Number.POSITIVE_INFINITY;
        settle();
      });
    });
    const ready = new Promise<boolean>((settle) => {
      child.on("message", (message) => {
        if (typeof message !== "object" || !("type" in message)) return;
        if (message.type !== readyMessage || this.#child !== child) return;
        if (this.upSinceMs === Number.POSITIVE_INFINITY) this.upSinceMs = performance.now();
        settle(true);
      });
      child.once("exit", () => settle(false));
      child.once("error", () => settle(false));
    });
    const late = new Promise<never>((_, fail) => {
      const timer = setTimeout(() => fail(new Error(`${name} is not up in time.`)), START_MS_MAX);
      void ready.finally(() => clearTimeout(timer));
    });
    const isReady = await Promise.race([ready, late]);
    if (!isReady) throw new Error(`${name} ended before it was up; see ${logPath}.`);
  }

  /** SIGKILL, whatever it does. Resolves when it has ended. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    this.#isFrozen = false;
    this.endNow();
    await this.#exited;
  }

  /** SIGTERM: it may finish what it does. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.thaw();
    this.upSinceMs = Number.POSITIVE_INFINITY;
    this.#child?.kill("SIGTERM");
    await settleWithin([this.#exited], STOP_MS_MAX);
    await this.kill();
  }

  freeze(): void {
    if (!this.isRunning) return;
    this.#isFrozen = true;
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    this.upSinceMs = performance.now();
    this.#child?.kill("SIGCONT");
  }

  /** The same without waiting, for a process of ours that is about to end. */
  endNow(): void {
    const { pid } = this;
    if (pid === undefined || !this.isRunning) return;
    this.endedMs = performance.now();
    this.upSinceMs = Number.POSITIVE_INFINITY;
    if (isAlive(pid)) process.kill(pid, "SIGKILL");
  }
}
