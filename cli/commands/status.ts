import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { STATUS_WATCH_MS } from "@/lib/terminal-limits";
import { StartError } from "@/lib/util/start-error";
import { colourWishes } from "../chat/person";
import { CliError } from "../cli-error";
import { areColoursWanted } from "../screen/colours-wanted";
import { Screen } from "../screen/screen";
import { plain, type Span, STYLE, toAnsi } from "../screen/spans";
import { LiveStatus } from "../status/live-status";
import { readStatus, type Status } from "../status/read-status";
import { toStatusPlace } from "../status/status-place";
import { statusRows } from "../status/status-rows";
import type { Terminal } from "../terminal";

type Flags = { url?: string; adminTokenEnv?: string; watch?: true; json?: true };

const HELP = `
Examples:
  npx parley status
  npx parley status --watch
  npx parley status --url https://parley.example.com --admin-token-env EXAMPLE_TOKEN --json
  npx parley status --watch --json | jq .waiting

Exit codes: 0 it answers, 1 nobody answers there, 2 used wrongly.
`;

export function addStatusCommand(program: Command, terminal: Terminal): void {
  program
    .command("status")
    .description("Say where the platform runs, with which models and workers, and who waits.")
    .option("--url <address>", "another platform than the one of this clone")
    .option(
      "--admin-token-env <name>",
      "the variable that holds another platform's admin token, which its workers are shown for",
    )
    .option("-w, --watch", "again each second, in place on a terminal, until q or Ctrl-C")
    .option("--json", "one JSON object; with --watch one a line")
    .addHelpText("after", HELP)
    .action(async (flags: Flags) => {
      // Anew each time: a platform that starts while it is watched writes down where it is.
      const read = () => readStatus(toStatusPlace(terminal.root, flags));
      if (flags.watch) return watch(read, flags, terminal);
      const status = await read();
      terminal.write(
        flags.json ? `${JSON.stringify(status)}\n` : toText(statusRows(status), terminal),
      );
    });
}

async function watch(read: () => Promise<Status>, { json }: Flags, terminal: Terminal) {
  const stop = new AbortController();
  const leave = () => stop.abort();
  for (const signal of ENDS) process.on(signal, leave);
  const live = json ? undefined : openLive(terminal, leave);
  try {
    while (!stop.signal.aborted) {
      const status = await readOrFault(read);
      if (stop.signal.aborted) break;
      if (json) terminal.write(`${JSON.stringify(status)}\n`);
      else if (live) live.show(rowsOf(status));
      else terminal.write(`${new Date().toISOString()}\n${toText(rowsOf(status), terminal)}`);
      await terminal.drain?.();
      await delay(STATUS_WATCH_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  } finally {
    live?.close();
    for (const signal of ENDS) process.off(signal, leave);
  }
}

/** A terminal is left as it was by whichever of them. */
const ENDS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Undefined where nobody looks. */
function openLive(terminal: Terminal, onLeave: () => void): LiveStatus | undefined {
  const { streams } = terminal;
  if (streams?.output.isTTY !== true) return undefined;
  const screen = new Screen(streams.output, wantsColours(terminal));
  return new LiveStatus({
    ...{ screen, onLeave },
    input: streams.input.isTTY === true ? streams.input : undefined,
  });
}

/** A platform that is started anew is watched on. */
async function readOrFault(read: () => Promise<Status>): Promise<Status | { error: string }> {
  try {
    return await read();
  } catch (error) {
    // A flag that is wrong stays so.
    if (error instanceof CliError) throw error;
    if (error instanceof StartError) return { error: error.line };
    throw error;
  }
}

const rowsOf = (status: Status | { error: string }): Span[][] =>
  "error" in status ? [[{ text: status.error, style: STYLE.red }]] : statusRows(status);

function toText(rows: readonly Span[][], terminal: Terminal): string {
  const isColoured = wantsColours(terminal);
  return rows.map((row) => `${toAnsi(row.length > 0 ? row : [plain("")], isColoured)}\n`).join("");
}

function wantsColours({ streams }: Terminal): boolean {
  return streams !== undefined && areColoursWanted(colourWishes(), streams.output.isTTY === true);
}
