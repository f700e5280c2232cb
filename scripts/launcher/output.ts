import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

/** At a restart a log longer than this becomes the old one. */
const LOG_BYTES_MAX = 20_000_000;
const LEVELS: Record<number, string> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};
const WARN = 40;

/** What the person at the terminal sees, and the file that keeps everything. */
export class Output {
  readonly path: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.path = join(folder, "parley.log");
    if (existsSync(this.path) && statSync(this.path).size > LOG_BYTES_MAX) {
      renameSync(this.path, join(folder, "parley.old.log"));
    }
    this.#keep(new Date().toISOString(), "launcher", "info", "started");
  }

  print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  warn(sentence: string): void {
    this.line("launcher", sentence, WARN);
  }

  /** Says what is being done, and how long it took. */
  async step<T>(name: string, run: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await run();
    const seconds = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
    this.print(`  ${name.padEnd(44)} ${seconds.padStart(7)}`);
    this.#keep(new Date().toISOString(), "launcher", "info", `${name}: ${seconds}`);
    return result;
  }

  /** A line of a child: into the file, and to the terminal if it calls itself a warning or worse. */
  child(name: string, line: string): void {
    const parsed = parseLogLine(line);
    if (!parsed) {
      if (line.trim() !== "") this.line(name, line, 30);
      return;
    }
    const { level, time, msg, pid: _, ...fields } = parsed;
    this.line(name, [msg, ...Object.entries(fields).map(toField)].join(" "), level, time);
  }

  line(name: string, text: string, level: number, time = new Date().toISOString()): void {
    const word = LEVELS[level] ?? "info";
    this.#keep(time, name, word, text);
    if (level < WARN) return;
    const [colour, plain] = process.stderr.isTTY
      ? [level > WARN ? "\u001b[31m" : "\u001b[33m", "\u001b[0m"]
      : ["", ""];
    process.stderr.write(`  ${colour}${word}${plain}  ${name}: ${text}\n`);
  }

  close(): void {
    this.#keep(new Date().toISOString(), "launcher", "info", "stopped");
  }

  #keep(time: string, name: string, level: string, text: string): void {
    try {
      appendFileSync(this.path, `${time} ${level.padEnd(5)} ${name}: ${text}\n`);
    } catch {
      // A full disk must not stop what still runs; the terminal has the line if it matters.
    }
  }
}

type LogLine = { level: number; time: string; msg: string; pid?: number } & Record<string, unknown>;

function parseLogLine(line: string): LogLine | undefined {
  if (!line.startsWith('{"level":')) return undefined;
  try {
    // pino's own shape, which the first bytes above announce.
    return JSON.parse(line) as LogLine;
  } catch {
    // Cut by the death of its writer: kept as the text it is.
    return undefined;
  }
}

function toField([name, value]: [string, unknown]): string {
  if (name === "err" && typeof value === "object" && value !== null && "message" in value) {
    return `error=${JSON.stringify(value.message)}${"stack" in value ? `\n${value.stack}` : ""}`;
  }
  return `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`;
}
