import { type ChildProcess, fork } from "node:child_process";
import { createInterface } from "node:readline";
import { STOP_MARGIN_MS } from "@/lib/limits";
import { backoffMs } from "@/lib/util/backoff";
import { EXIT_CODES } from "@/lib/util/start-error";
import type { Output } from "./output";

export type SupervisedOptions = {
  name: string;
  program: string;
  words: () => string[];
  env: () => NodeJS.ProcessEnv;
  /** What the child gives its running answers when it is told to stop. */
  drainMsMax: number;
  output: Output;
  onStart: () => void;
  onMessage?: (message: Record<string, unknown>) => void;
  /** The child said that starting it again would not help; `line` is what it said. */
  onGivenUp?: (line: string) => void;
};

/** A child that lived this long did not die of how it was started; the next back-off begins anew. */
const HEALTHY_AFTER_MS = 10_000;
const BACKOFF = { firstMs: 300, longestMs: 10_000 };

/** One child process that is kept alive until it is stopped. */
export class Supervised {
  readonly name: string;
  readonly #options: SupervisedOptions;
  #child: ChildProcess | undefined;
  #isStopping = false;
  #isGivenUp = false;
  #isRegistered = false;
  /** A process that once stood will stand again: what it asks a person for, such as a port, was there. */
  #hasStood = false;
  #isRestarting = false;
  /** It was told to leave by an operator, through the controller. */
  #hasLeft = false;
  #restartTimer: NodeJS.Timeout | undefined;
  #failures = 0;
  #lastLine = "";

  constructor(options: SupervisedOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Whether the running process has said that the controller knows it. */
  get isRegistered(): boolean {
    return this.#isRegistered;
  }

  get pid(): number | undefined {
    return isRunning(this.#child) ? this.#child.pid : undefined;
  }

  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  start(): void {
    const { program, words, env, output, onStart, onMessage } = this.#options;
    const startedAt = performance.now();
    const child = fork(program, words(), {
      env: { ...env() },
      // A Ctrl-C goes to the whole process group, but the order in which children stop is ours.
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child = child;
    this.#lastLine = "";
    output.line(this.name, `process ${child.pid} started`, 30);
    onStart();
    this.#readLines(child);
    child.on("message", (message) => {
      if (typeof message !== "object") return;
      // Whatever object a child of ours sends is a record.
      const record = message as Record<string, unknown>;
      this.#hasStood = true;
      if (record.type === "registered") this.#isRegistered = true;
      if (record.type === "left") this.#hasLeft = true;
      onMessage?.(record);
    });
    child.on("error", (error) => output.line(this.name, error.message, 50));
    child.on("exit", (code, signal) => {
      if (performance.now() - startedAt > HEALTHY_AFTER_MS) this.#failures = 0;
      this.#onExit(code, signal);
    });
  }

  /** Ends the running process; the next takes its place at once. */
  restart(): void {
    this.#isRestarting = true;
    this.#child?.kill("SIGTERM");
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (!isRunning(child)) return;
    const exited = new Promise<void>((settle) => child.once("exit", () => settle()));
    child.kill("SIGTERM");
    const timer = setTimeout(() => this.kill(), this.#options.drainMsMax + STOP_MARGIN_MS);
    await exited;
    clearTimeout(timer);
  }

  /** Ends it at once, for good. */
  kill(): void {
    this.#isStopping = true;
    if (isRunning(this.#child)) this.#child.kill("SIGKILL");
  }

  #onExit(code: number | null, signal: string | null): void {
    this.#isRegistered = false;
    const { output, onGivenUp } = this.#options;
    const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
    if (this.#isStopping) {
      output.line(this.name, how, 30);
      return;
    }
    if (this.#isRestarting) {
      this.#isRestarting = false;
      this.start();
      return;
    }
    if (this.#hasLeft) {
      this.#isGivenUp = true;
      output.line(
        this.name,
        `${how}, as an operator wanted; it stays down until the next \`npm start\`.`,
        40,
      );
      return;
    }
    if (code === EXIT_CODES.needsPerson && !this.#hasStood) {
      this.#isGivenUp = true;
      const line = this.#lastLine || `${this.name} ${how}.`;
      if (onGivenUp) onGivenUp(line);
      else output.line(this.name, `${line} It stays down until the next \`npm start\`.`, 40);
      return;
    }
    const pauseMs = backoffMs(this.#failures++, BACKOFF);
    const why = this.#lastLine ? `${how} (${this.#lastLine})` : how;
    output.line(this.name, `${why}; starting again in ${(pauseMs / 1000).toFixed(1)} s`, 40);
    this.#restartTimer = setTimeout(() => this.start(), pauseMs);
  }

  #readLines(child: ChildProcess): void {
    const { output } = this.#options;
    const streams = [
      { stream: child.stdout, isError: false },
      { stream: child.stderr, isError: true },
    ];
    for (const { stream, isError } of streams) {
      if (!stream) continue;
      createInterface({ input: stream }).on("line", (line) => {
        output.child(this.name, line);
        // Of what a dying process says, a stack for the most part, one line is for people.
        if (isError && !/^\s|^$|^Node\.js v/.test(line)) this.#lastLine = line;
      });
    }
  }
}

function isRunning(child: ChildProcess | undefined): child is ChildProcess {
  return child !== undefined && child.exitCode === null && child.signalCode === null;
}
