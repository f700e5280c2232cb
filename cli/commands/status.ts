import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { env } from "@/lib/env";
import { STATUS_WATCH_MS } from "@/lib/terminal-limits";
import { StartError } from "@/lib/util/start-error";
import { colourWishes } from "../chat/person";
import { findRunning } from "../running";
import { areColoursWanted } from "../screen/colours-wanted";
import { LiveArea } from "../screen/live-area";
import { Screen } from "../screen/screen";
import { faint, fitSpans, plain, type Span, STYLE, toAnsi } from "../screen/spans";
import { readStatus, type Status } from "../status/read-status";
import { statusRows } from "../status/status-rows";
import type { Terminal } from "../terminal";

type Flags = { url?: string; watch?: true; json?: true };

const HELP = `
Examples:
  npx parley status
  npx parley status --watch
  npx parley status --url https://parley.example.com --json
  npx parley status --watch --json | jq .waiting

Exit codes: 0 it answers, 1 nobody answers there, 2 used wrongly.
`;

export function addStatusCommand(program: Command, terminal: Terminal): void {
  program
    .command("status")
    .description("Say where the platform runs, with which models and workers, and who waits.")
    .option("--url <address>", "another platform than the one of this clone")
    .option("-w, --watch", "again each second, in place on a terminal, until Ctrl-C")
    .option("--json", "one JSON object; with --watch one a line")
    .addHelpText("after", HELP)
    .action(async (flags: Flags) => {
      const url = flags.url ?? findRunning(terminal.root)?.url ?? env().PARLEY_CONTROLLER_URL;
      const read = () => readStatus(url.replace(/\/$/, ""), terminal.root);
      if (flags.watch) return watch(read, flags, terminal);
      const status = await read();
      terminal.write(
        flags.json ? `${JSON.stringify(status)}\n` : toText(statusRows(status), terminal),
      );
    });
}

async function watch(read: () => Promise<Status>, { json }: Flags, terminal: Terminal) {
  const { streams } = terminal;
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.on("SIGINT", onInterrupt);
  const isLive = streams?.output.isTTY === true && !json;
  const screen = isLive ? new Screen(streams.output, wantsColours(terminal)) : undefined;
  const area = screen && new LiveArea(screen);
  try {
    while (!stop.signal.aborted) {
      const status = await readOrFault(read);
      if (json) terminal.write(`${JSON.stringify(status)}\n`);
      else if (screen) area?.draw({ live: liveRows(status, screen.columns) });
      else terminal.write(`${new Date().toISOString()}\n${toText(rowsOf(status), terminal)}`);
      await terminal.drain?.();
      await delay(STATUS_WATCH_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  } finally {
    area?.leave();
    process.off("SIGINT", onInterrupt);
  }
}

/** A platform that is started anew is watched on. */
async function readOrFault(read: () => Promise<Status>): Promise<Status | { error: string }> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof StartError) return { error: error.line };
    throw error;
  }
}

const rowsOf = (status: Status | { error: string }): Span[][] =>
  "error" in status ? [[{ text: status.error, style: STYLE.red }]] : statusRows(status);

function liveRows(status: Status | { error: string }, columns: number): Span[][] {
  const foot = [faint(`${new Date().toLocaleTimeString()}, again each second; Ctrl-C ends.`)];
  return [...rowsOf(status), foot].map((row) => trimEnd(fitSpans(row, columns)));
}

/** Spaces at a row's end would be broken into rows of their own by a narrower terminal. */
function trimEnd(row: Span[]): Span[] {
  const last = row.at(-1);
  return last?.text.trim() === "" ? row.slice(0, -1) : row;
}

function toText(rows: readonly Span[][], terminal: Terminal): string {
  const isColoured = wantsColours(terminal);
  return rows.map((row) => `${toAnsi(row.length > 0 ? row : [plain("")], isColoured)}\n`).join("");
}

function wantsColours({ streams }: Terminal): boolean {
  return streams !== undefined && areColoursWanted(colourWishes(), streams.output.isTTY === true);
}
