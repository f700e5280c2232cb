import type { DownloadProgress } from "@/lib/hub/download-model";
import { HUB_PROGRESS_INTERVAL_MS } from "@/lib/hub-limits";
import type { Terminal } from "./terminal";
import { plainLine } from "./text-table";

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Of a terminal that does not tell. */
const COLUMNS_DEFAULT = 80;

/** Bytes for people: 1.4 GB. */
export function toSize(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

/** How far a download has come: a line that is drawn anew on a terminal, and one each tenth elsewhere. */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #title: string;
  readonly #isLive: boolean;
  #shownMs = 0;
  #tenth = -1;
  #begin: { atMs: number; bytes: number } | undefined;
  #isDrawn = false;

  constructor(terminal: Terminal, title: string) {
    this.#terminal = terminal;
    this.#title = plainLine(title);
    this.#isLive = process.stderr.isTTY === true;
  }

  show({ bytes, bytesTotal, filesDone, filesTotal }: DownloadProgress): void {
    const nowMs = performance.now();
    this.#begin ??= { atMs: nowMs, bytes };
    const isOver = bytes >= bytesTotal && filesDone === filesTotal;
    const share = bytesTotal === 0 ? 1 : bytes / bytesTotal;
    // The last tenth is told when files have their names.
    const tenth = isOver ? 10 : Math.min(9, Math.floor(share * 10));
    const isDue = this.#isLive
      ? nowMs - this.#shownMs >= HUB_PROGRESS_INTERVAL_MS
      : tenth > this.#tenth;
    if (!isDue && !isOver) return;
    if (isOver && !this.#isLive && tenth === this.#tenth) return;
    this.#shownMs = nowMs;
    this.#tenth = tenth;
    const seconds = (nowMs - this.#begin.atMs) / 1_000;
    const rate = seconds > 1 ? (bytes - this.#begin.bytes) / seconds : 0;
    const left = rate > 0 ? Math.ceil((bytesTotal - bytes) / rate) : undefined;
    const words = [
      `${this.#title}  ${Math.floor(share * 100)} %`,
      `${toSize(bytes)} of ${toSize(bytesTotal)}`,
      `${filesDone} of ${filesTotal} files`,
      ...(rate > 0 ? [`${toSize(rate)}/s`] : []),
      ...(left !== undefined && left > 0 ? [`${toTime(left)} left`] : []),
    ];
    const text = words.join("  ");
    // A line that wraps is not drawn over but below itself.
    const columns = Math.max(1, (process.stderr.columns || COLUMNS_DEFAULT) - 1);
    this.#terminal.writeError(this.#isLive ? `\r\u001b[2K${text.slice(0, columns)}` : `${text}\n`);
    this.#isDrawn = this.#isLive;
  }

  /** Whatever comes next stands on a line of its own. */
  end(): void {
    if (this.#isDrawn) this.#terminal.writeError("\n");
    this.#isDrawn = false;
  }
}

function toTime(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
