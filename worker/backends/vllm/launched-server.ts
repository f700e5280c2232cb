import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { environmentOfOthers } from "@/lib/env";
import type { Log } from "@/lib/telemetry/log";
import {
  LAUNCH_LINE_CHARACTERS_MAX,
  LAUNCH_PAUSE_MS,
  LAUNCH_STEADY_MS,
  LAUNCH_STOP_MS_MAX,
} from "@/lib/upstream-limits";
import { type BackoffOptions, backoffMs } from "@/lib/util/backoff";
import { StartError } from "@/lib/util/start-error";
import { type Guardian, type GuardianWord, killGroup, startGuardian } from "./guardian";
import { ServerLog } from "./server-log";

export type LaunchOptions = {
  /** The program and its words, as they were said. */
  command: readonly string[];
  logFile: string;
  /** Told to it in the environment (`VLLM_API_KEY`); a function, so that no log of settings has it. */
  apiKey: () => string | undefined;
  pause?: BackoffOptions;
  stopMsMax?: number;
};

/** A server of the worker's own: started, started again when it dies, and stopped with the worker. */
export type LaunchedServer = {
  /** Up to and with `/v1`. */
  baseUrl: string;
  /** Is told when the server has died, or been started again. */
  watch(onChange: () => void): void;
  /** It was found well. */
  seeHealthy(): void;
  close(): Promise<void>;
};

/**
 * Starts it, and does not wait until it answers: that may be an hour of downloads.
 *
 * @throws StartError where there is no such program.
 */
export async function launchServer(options: LaunchOptions, log: Log): Promise<LaunchedServer> {
  const { words, host, port } = await toPlace(options.command);
  const server = new Supervised({ ...options, command: words }, log);
  await server.begin();
  log.info({ port, file: options.logFile }, "launched the server; its log is in the file");
  return {
    baseUrl: `http://${host}:${port}/v1`,
    watch: (onChange) => {
      server.onChange = onChange;
    },
    seeHealthy: () => server.seeHealthy(),
    close: () => server.close(),
  };
}

class Supervised {
  onChange: (() => void) | undefined;
  readonly #options: LaunchOptions;
  readonly #log: Log;
  readonly #file: ServerLog;
  #guardian: Guardian | undefined;
  #gone: Promise<unknown> | undefined;
  #pid: number | undefined;
  #deaths = 0;
  #healthySinceMs: number | undefined;
  #restart: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: LaunchOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#file = new ServerLog(options.logFile, { log });
  }

  /** @throws StartError */
  async begin(): Promise<void> {
    const guardian = this.#start();
    const [word] = (await Promise.race([
      once(guardian, "message"),
      once(guardian, "exit").then(() => [{ failed: "the guardian ended" }]),
    ])) as [GuardianWord];
    if (!("failed" in word)) return;
    await this.close();
    throw new StartError({
      message: `${this.#options.command[0]} cannot be started (${word.failed}).`,
      remedy: "Give the command after -- as a shell would find it, such as: -- vllm serve <model>",
    });
  }

  seeHealthy(): void {
    const nowMs = performance.now();
    this.#healthySinceMs ??= nowMs;
    if (nowMs - this.#healthySinceMs >= LAUNCH_STEADY_MS) this.#deaths = 0;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restart);
    if (!this.#guardian) return;
    // Not `disconnect`, after which Node tells of no `close`; one that is gone needs no word.
    if (this.#guardian.connected) this.#guardian.send("end", () => undefined);
    await this.#gone;
  }

  #start(): Guardian {
    const { command, stopMsMax = LAUNCH_STOP_MS_MAX } = this.#options;
    const guardian = startGuardian(command, { graceMs: stopMsMax, env: this.#toEnv() });
    this.#guardian = guardian;
    this.#pid = undefined;
    this.#healthySinceMs = undefined;
    let ending: GuardianWord | undefined;
    guardian.on("message", (word: GuardianWord) => {
      if ("pid" in word) this.#pid = word.pid;
      else ending = word;
    });
    for (const stream of [guardian.stdout, guardian.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => this.#file.write(text));
    }
    guardian.on("error", (error) => this.#log.error({ err: error }, "the guardian failed"));
    this.#gone = new Promise<void>((resolve) => {
      guardian.once("close", () => {
        // Of a group that ended in order nothing is left to kill.
        if (ending === undefined && this.#pid !== undefined) killGroup(this.#pid);
        this.#guardian = undefined;
        this.#died(ending);
        resolve();
      });
    });
    return guardian;
  }

  #died(ending: GuardianWord | undefined): void {
    if (this.#isClosed) return;
    const delayMs = backoffMs(this.#deaths, this.#options.pause ?? LAUNCH_PAUSE_MS);
    this.#deaths += 1;
    this.#log.error(
      { ...ending, deaths: this.#deaths, restartInMs: Math.round(delayMs) },
      `the launched server died; its last lines:\n${this.#file.takeLastLines().join("\n")}`,
    );
    this.#restart = setTimeout(() => {
      this.#log.info("starting the server again");
      this.#start();
    }, delayMs);
    this.onChange?.();
  }

  #toEnv(): NodeJS.ProcessEnv {
    const env = environmentOfOthers();
    const key = this.#options.apiKey();
    if (key !== undefined) env.VLLM_API_KEY = key;
    // Without it Python keeps its lines until there are 8 KiB of them.
    return { ...env, PYTHONUNBUFFERED: "1" };
  }
}

type Place = { words: string[]; host: string; port: number };

/** Where it will listen: as its words say, else on this machine alone, at a port that is free. */
async function toPlace(command: readonly string[]): Promise<Place> {
  const told = readOption(command, "--port");
  const port = told === undefined ? await findFreePort() : Number(told);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new StartError({
      message: `--port of the command is no port: ${told?.slice(0, LAUNCH_LINE_CHARACTERS_MAX)}.`,
      remedy: "Give a number from 1 to 65535, or leave it out for any free one.",
    });
  }
  const host = readOption(command, "--host");
  const words = command.map((word) => word.replaceAll("{port}", `${port}`));
  const isPlaced = command.some((word) => word.includes("{port}"));
  if (!isPlaced && host === undefined) words.push("--host", "127.0.0.1");
  if (!isPlaced && told === undefined) words.push("--port", `${port}`);
  return { words, host: toReachable(host), port };
}

/** The last one counts, as for vLLM's own parser. */
function readOption(words: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (const [index, word] of words.entries()) {
    if (word === name) value = words[index + 1] ?? "";
    else if (word.startsWith(`${name}=`)) value = word.slice(name.length + 1);
  }
  return value?.includes("{port}") ? undefined : value;
}

function toReachable(host: string | undefined): string {
  if (host === undefined || host === "0.0.0.0" || host === "") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  // A TCP server that listens has an AddressInfo; only pipes have a string.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
