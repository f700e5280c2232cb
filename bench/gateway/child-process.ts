import { type ChildProcess, fork, spawn } from "node:child_process";
import { join } from "node:path";
import * as z from "zod";
import {
  type Hold,
  holdSchema,
  type LoadQuestion,
  type Rate,
  rateSchema,
  type Turns,
  turnsSchema,
} from "./question";

const replySchema = z.object({
  id: z.number(),
  answer: z.unknown().optional(),
  error: z.string().optional(),
});
const portSchema = z.object({ port: z.number() });

/** The process that makes load; it does one thing at a time. */
export class LoadGenerator {
  readonly #child: ChildProcess;
  #count = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(signal: AbortSignal): Promise<LoadGenerator> {
    const child = forkBundle("bench-gateway-load");
    await hear(child, signal);
    return new LoadGenerator(child);
  }

  /** Undefined once it has ended. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  async turns(question: Omit<LoadQuestion & { kind: "turns" }, "kind">, signal: AbortSignal) {
    const answer = await this.#ask({ kind: "turns", ...question }, signal);
    return turnsSchema.parse(answer) satisfies Turns;
  }

  async rate(question: Omit<LoadQuestion & { kind: "rate" }, "kind">, signal: AbortSignal) {
    const answer = await this.#ask({ kind: "rate", ...question }, signal);
    return rateSchema.parse(answer) satisfies Rate;
  }

  async hold(question: Omit<LoadQuestion & { kind: "hold" }, "kind">, signal: AbortSignal) {
    const answer = await this.#ask({ kind: "hold", ...question }, signal);
    return holdSchema.parse(answer) satisfies Hold;
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }

  async #ask(body: LoadQuestion, signal: AbortSignal): Promise<unknown> {
    this.#child.send({ id: this.#count++, body });
    const { answer, error } = replySchema.parse(await hear(this.#child, signal));
    if (error !== undefined) throw new Error(`The generator of load failed: ${error}`);
    return answer;
  }
}

export type Served = { port: number; pid: number; stop(): void };

/** The server in OpenAI's form that another gateway passes requests on to. */
export async function startUpstream(signal: AbortSignal): Promise<Served> {
  const child = forkBundle("bench-gateway-upstream");
  const { port } = portSchema.parse(await hear(child, signal));
  return toServed(child, port);
}

/** The worker in our protocol that our gateway passes requests on to; resolves once it has registered. */
export async function startLightWorker(
  told: { controllerUrl: string; secret: string },
  signal: AbortSignal,
): Promise<Served> {
  const child = forkBundle("bench-gateway-worker");
  child.send(told);
  const { port } = portSchema.parse(await hear(child, signal));
  return toServed(child, port);
}

/** A Node program that listens on `port`; resolves once it does. */
export async function startProgram(
  words: readonly string[],
  { port, signal }: { port: number; signal: AbortSignal },
): Promise<Served> {
  const child = spawn(process.execPath, words, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: "", NODE_ENV: "production" },
  });
  let told = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    told = (told + text).slice(-1_000);
  });
  for (;;) {
    signal.throwIfAborted();
    if (child.exitCode !== null) throw new Error(`${words[0]} ended at once. ${told}`);
    const isUp = await fetch(`http://127.0.0.1:${port}/`, { signal }).then(
      () => true,
      () => false,
    );
    if (isUp) return toServed(child, port);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function toServed(child: ChildProcess, port: number): Served {
  // Set as soon as a process has been spawned, and this one has answered.
  return { port, pid: child.pid as number, stop: () => void child.kill("SIGKILL") };
}

function forkBundle(name: string): ChildProcess {
  return fork(join(import.meta.dirname, `${name}.mjs`), [], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

/** The next message of a child. */
function hear(child: ChildProcess, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      child.off("message", onMessage);
      child.off("exit", onExit);
      signal.removeEventListener("abort", onAbort);
    };
    const onMessage = (message: unknown) => {
      settle();
      resolve(message);
    };
    const onExit = (code: number | null) => {
      settle();
      reject(new Error(`A process of the benchmark ended with ${code}.`));
    };
    const onAbort = () => {
      settle();
      reject(signal.reason);
    };
    child.on("message", onMessage);
    child.on("exit", onExit);
    signal.addEventListener("abort", onAbort);
  });
}
