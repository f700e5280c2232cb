import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Log } from "@/lib/telemetry/log";
import {
  LAUNCH_LAST_LINES,
  LAUNCH_LINE_CHARACTERS_MAX,
  LAUNCH_LOG_BYTES_MAX,
} from "@/lib/upstream-limits";

/**
 * What a launched server says, in a file of bounded size: full, it is put aside under its name and `.1`, in
 * the place of the one before. A disk that takes no more costs the file and not the server.
 */
export class ServerLog {
  readonly path: string;
  readonly #log: Log;
  readonly #bytesMax: number;
  #bytes = 0;
  #isBroken = false;
  #lines: string[] = [];
  #begun = "";

  constructor(path: string, { log, bytesMax = LAUNCH_LOG_BYTES_MAX }: LogOptions) {
    this.path = path;
    this.#log = log;
    this.#bytesMax = bytesMax;
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Its last lines since the last time that they were taken. */
  takeLastLines(): string[] {
    const lines = this.#begun === "" ? this.#lines : [...this.#lines, this.#begun];
    this.#lines = [];
    this.#begun = "";
    return lines.slice(-LAUNCH_LAST_LINES);
  }

  write(text: string): void {
    this.#remember(text);
    if (this.#isBroken) return;
    try {
      if (this.#bytes >= this.#bytesMax) {
        renameSync(this.path, `${this.path}.1`);
        this.#bytes = 0;
      }
      appendFileSync(this.path, text, { mode: 0o600 });
      this.#bytes += Buffer.byteLength(text);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #remember(text: string): void {
    const lines = (this.#begun + text).split("\n");
    this.#begun = (lines.pop() ?? "").slice(-LAUNCH_LINE_CHARACTERS_MAX);
    const cut = lines.map((line) => line.trimEnd().slice(0, LAUNCH_LINE_CHARACTERS_MAX));
    this.#lines = [...this.#lines, ...cut].slice(-LAUNCH_LAST_LINES);
  }

  #giveUp(error: unknown): void {
    this.#isBroken = true;
    this.#log.warn({ err: error, file: this.path }, "the launched server's log is not kept");
  }
}

type LogOptions = { log: Log; bytesMax?: number };
