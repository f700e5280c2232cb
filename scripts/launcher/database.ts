import { type EmbeddedPostgres, startEmbeddedPostgres } from "@/lib/db/embedded";
import { backoffMs } from "@/lib/util/backoff";
import { StartError } from "@/lib/util/start-error";
import { wait } from "@/lib/util/wait";
import type { Output } from "./output";

/** The embedded database, kept alive until it is stopped. Web and workers live through its restarts. */
export class Database {
  readonly #dataDir: string;
  readonly #output: Output;
  readonly #onStart: () => void;
  readonly #stopping = new AbortController();
  #server: EmbeddedPostgres | undefined;

  constructor(options: { dataDir: string; output: Output; onStart: () => void }) {
    this.#dataDir = options.dataDir;
    this.#output = options.output;
    this.#onStart = options.onStart;
  }

  get pid(): number | undefined {
    return this.#server?.pid;
  }

  /** @throws StartError when the first start needs a person. Later ones are tried for ever. */
  async start(): Promise<string> {
    let isUp = false;
    const server = await startEmbeddedPostgres({
      dataDir: this.#dataDir,
      onLine: (line) => {
        // What it says while it does not come up is in the error, with a remedy; what it says while
        // it stops is of those whom it sends away.
        const isServing = isUp && !this.#stopping.signal.aborted;
        const isGrave = isServing && /FATAL|PANIC/.test(line);
        this.#output.line("database", line, isGrave ? 40 : 30);
      },
      onNotice: (sentence) => this.#output.print(`  ${sentence}`),
    });
    isUp = true;
    this.#server = server;
    this.#onStart();
    void server.exited.then(() => this.#startAgain());
    return server.url;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#server?.stop();
  }

  async #startAgain(): Promise<void> {
    for (let attempt = 0; !this.#stopping.signal.aborted; attempt++) {
      this.#output.line("database", "ended unexpectedly; starting it again", 40);
      try {
        await wait(backoffMs(attempt, { firstMs: 200, longestMs: 10_000 }), this.#stopping.signal);
        await this.start();
        this.#output.line("database", "is back", 40);
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        const line = error instanceof StartError ? error.line : String(error);
        this.#output.line("database", line, 50);
      }
    }
  }
}
