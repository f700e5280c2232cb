import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { ReadStream } from "node:tty";
import xterm from "@xterm/headless";
import koffi from "koffi";

/**
 * A program in a terminal: a pseudo-terminal of the system, and beyond it the terminal that many editors
 * have, without its drawing. Neither Node nor any package that needs no compiler opens one on every platform
 * that tests run on: node-pty brings binaries for Windows and macOS and compiles elsewhere, its forks with
 * binaries lag behind Node, `script` and Python need not be installed. Three functions of the C library,
 * through the bridge that the engine calls onnxruntime by, open one without forking Node; the child becomes
 * the leader of a session (`detached`), and the first terminal that such a one opens is its controlling one,
 * which is what Ctrl-Z, SIGWINCH and /dev/tty need.
 */
const libc = process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6";
const O_RDWR = 2;
const O_NOCTTY = process.platform === "darwin" ? 0x20000 : 0x100;
const TIOCSWINSZ = process.platform === "darwin" ? 0x80087467 : 0x5414;

export const canOpenTerminals = process.platform === "linux" || process.platform === "darwin";

function openLibc() {
  const library = koffi.load(libc);
  return {
    open: library.func("int posix_openpt(int)"),
    grant: library.func("int grantpt(int)"),
    unlock: library.func("int unlockpt(int)"),
    name: library.func("str ptsname(int)"),
    control: library.func("int ioctl(int, unsigned long, ...)"),
  };
}

export type Size = { columns: number; rows: number };

export class PseudoTerminal {
  readonly #master: number;
  readonly #libc: ReturnType<typeof openLibc>;
  readonly #screen: InstanceType<typeof xterm.Terminal>;
  readonly #child: ReturnType<typeof spawn>;
  readonly #reader: ReadStream;
  readonly exited: Promise<number | null>;
  /** All bytes that the program wrote. */
  written = "";
  #watchers = new Set<() => void>();

  constructor(words: readonly string[], options: Size & { cwd: string; env: NodeJS.ProcessEnv }) {
    const { columns, rows, cwd, env } = options;
    this.#libc = openLibc();
    this.#master = this.#libc.open(O_RDWR | O_NOCTTY);
    if (this.#master < 0 || this.#libc.grant(this.#master) || this.#libc.unlock(this.#master)) {
      throw new Error("the system opens no pseudo-terminal");
    }
    const path = this.#libc.name(this.#master);
    this.#screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1_000 });
    this.#setSize({ columns, rows });
    this.#child = spawn("sh", ["-c", 'exec "$@" <"$TTY_PATH" >"$TTY_PATH" 2>&1', "sh", ...words], {
      cwd,
      env: { ...env, TTY_PATH: path, TERM: "xterm-256color" },
      detached: true,
      stdio: "ignore",
    });
    this.exited = once(this.#child, "exit").then(([code]) => code);
    this.#reader = new ReadStream(this.#master);
    // Of a pseudo-terminal whose last program has ended, reading fails.
    this.#reader.on("error", () => {});
    this.#reader.on("data", (bytes: Buffer) => {
      this.written += bytes.toString("utf8");
      this.#screen.write(bytes, () => {
        for (const look of this.#watchers) look();
      });
    });
    // What the terminal answers to questions, as a person's does.
    this.#screen.onData((text) => this.type(text));
  }

  type(text: string): void {
    writeSync(this.#master, text);
  }

  resize(size: Size): void {
    this.#screen.resize(size.columns, size.rows);
    this.#setSize(size);
  }

  /** What a person sees, without empty lines at its end. */
  get view(): string {
    const { active } = this.#screen.buffer;
    return this.#lines(active.baseY, active.baseY + this.#screen.rows);
  }

  /** What a person sees and what has scrolled away. */
  get all(): string {
    return this.#lines(0, this.#screen.buffer.active.length);
  }

  get cursor(): { row: number; column: number } {
    const { cursorX, cursorY } = this.#screen.buffer.active;
    return { row: cursorY, column: cursorX };
  }

  /** Resolves when `isThere` holds of what is seen; the test's own limit ends the waiting. */
  async until(isThere: (terminal: this) => boolean): Promise<void> {
    if (isThere(this)) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!isThere(this)) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }

  async untilSeen(text: string | RegExp): Promise<void> {
    await this.until(({ all }) => (typeof text === "string" ? all.includes(text) : text.test(all)));
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  close(): void {
    if (this.#child.exitCode === null && this.#child.pid) {
      try {
        process.kill(-this.#child.pid, "SIGKILL");
      } catch {
        // It has ended in the meantime.
      }
    }
    this.#reader.destroy();
    this.#screen.dispose();
  }

  #lines(from: number, to: number): string {
    const { active } = this.#screen.buffer;
    const lines = Array.from({ length: to - from }, (_, index) =>
      (active.getLine(from + index)?.translateToString(true) ?? "").trimEnd(),
    );
    return lines.join("\n").trimEnd();
  }

  #setSize({ columns, rows }: Size): void {
    const size = Buffer.alloc(8);
    size.writeUInt16LE(rows, 0);
    size.writeUInt16LE(columns, 2);
    this.#libc.control(this.#master, TIOCSWINSZ, "void *", size);
  }
}

