import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import * as z from "zod";
import type { AskedBytes, Pause } from "./replay-server";
import type { WayName } from "./ways";

const portsSchema = z.object({ ports: z.record(z.string(), z.number()) });
const askedSchema = z.object({
  id: z.number(),
  asked: z.object({
    path: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
  }),
});

/** The process of all providers. */
export class UpstreamChild {
  readonly #child: ChildProcess;
  readonly #ports: Record<string, number>;
  #count = 0;

  private constructor(child: ChildProcess, ports: Record<string, number>) {
    this.#child = child;
    this.#ports = ports;
  }

  static async start(): Promise<UpstreamChild> {
    const child = fork(join(import.meta.dirname, "bench-passthrough-upstream.mjs"), [], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const { ports } = portsSchema.parse(await hear(child));
    return new UpstreamChild(child, ports);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  portOf(name: WayName): number {
    const port = this.#ports[name];
    if (port === undefined) throw new Error(`Nobody stands in for ${name}.`);
    return port;
  }

  /** What the worker of this way asked last. */
  async lastAsked(name: WayName): Promise<AskedBytes> {
    return await this.pause(name, undefined);
  }

  /** Its answers have this pause, or none, from now on. */
  async pause(name: WayName, pause: Pause | undefined): Promise<AskedBytes> {
    this.#child.send({ id: this.#count++, name, pause });
    return askedSchema.parse(await hear(this.#child)).asked;
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }
}

function hear(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`The upstream ended with ${code}.`));
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      resolve(message);
    });
  });
}
