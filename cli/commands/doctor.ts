import { resolve } from "node:path";
import type { Command } from "commander";
import { findModelFolders } from "@/lib/config/model-folders";
import { explainOpenHost, processSettings } from "@/lib/env";
import { isAlive } from "@/lib/util/is-alive";
import { StartError } from "@/lib/util/start-error";
import { colourWishes } from "../chat/person";
import { CLI_EXIT_CODES, CliError } from "../cli-error";
import { attempt, broken, type Check, ok } from "../doctor/check";
import { checkModels, checkProviderKeys, checkSecrets } from "../doctor/check-files";
import { checkBuild, checkDisk, checkMachine, checkPort } from "../doctor/check-machine";
import { checkDatabase, readPlatform } from "../doctor/check-platform";
import { findRunning, type Running } from "../running";
import { areColoursWanted } from "../screen/colours-wanted";
import { plain, type Span, STYLE, toAnsi, wrapSpans } from "../screen/spans";
import type { Terminal } from "../terminal";

const HELP = `
Looks at Node, memory, disk, settings, the build, the database and its schema, the port, model files, the
keys of providers (whether they are set, never what they are), who may read secrets, the running platform and
its workers. It changes nothing.

Examples:
  npx parley doctor
  npx parley doctor --json

Exit codes: 0 nothing is broken (warnings are none), 1 something is, 2 used wrongly.
`;

export function addDoctorCommand(program: Command, terminal: Terminal): void {
  program
    .command("doctor")
    .description("Look for what is wrong with this installation, and say what to do about it.")
    .option("--json", "one JSON object")
    .addHelpText("after", HELP)
    .action(async ({ json }: { json?: true }) => {
      const checks = await examine(terminal.root);
      const faults = checks.filter(({ state }) => state === "broken").length;
      if (json) terminal.write(`${JSON.stringify({ isWell: faults === 0, checks })}\n`);
      else terminal.write(toText(checks, terminal));
      if (faults === 0) return;
      const message = faults === 1 ? "One thing is broken." : `${faults} things are broken.`;
      throw new CliError({ message, remedy: "", exitCode: CLI_EXIT_CODES.nothing });
    });
}

async function examine(root: string): Promise<Check[]> {
  const { env, faults, sources } = processSettings();
  const settings = faults.map((it) =>
    broken("settings", `${it}.`, "Correct it; `npx parley config` shows what is set."),
  );
  const machine = [
    ...(await attempt("machine", () => checkMachine(root))),
    ...(await attempt("build", () => checkBuild(root))),
  ];
  // Without settings nobody knows where the rest is.
  if (env === undefined) return [...machine, ...settings];
  const { HOST, PORT, DATABASE_URL, PARLEY_MODELS, PARLEY_DATA_DIR } = env;
  const open = explainOpenHost(env);
  if (open) settings.push(broken("settings", open.message, open.remedy));
  if (settings.length === 0)
    settings.push(ok("settings", `${sources.found.size} are set, all well`));
  const dataDir = resolve(root, PARLEY_DATA_DIR);
  const { running, checks: fault } = readRunning(root);
  const platform =
    fault.length > 0
      ? { checks: fault, status: undefined }
      : await readPlatform(running?.url, root);
  const parent = resolve(root, PARLEY_MODELS);
  const served = new Map(
    platform.status?.workers?.flatMap((it) => it.models.map(({ name, build }) => [name, build])),
  );
  const databaseUrl = DATABASE_URL ?? running?.databaseUrl;
  const runsHere = running?.url !== undefined && new URL(running.url).port === String(PORT);
  return [
    ...machine,
    ...(await attempt("disk", () => checkDisk(dataDir))),
    ...settings,
    ...(await attempt("secrets", () => checkSecrets(root, dataDir))),
    ...(await attempt("database", () => checkDatabase(databaseUrl, root))),
    ...(await attempt("port", () => checkPort(HOST, PORT, runsHere))),
    ...(await attempt("models", () => checkModels(findModelFolders(parent), parent, served))),
    ...(await attempt("providers' keys", () => checkProviderKeys([process.cwd(), root]))),
    ...platform.checks,
  ];
}

/** What is left of a launcher that was killed is of no platform. */
function readRunning(root: string): { running: Running | undefined; checks: Check[] } {
  try {
    const running = findRunning(root);
    const isThere = running !== undefined && isAlive(running.pid);
    return { running: isThere ? running : undefined, checks: [] };
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return { running: undefined, checks: [broken("platform", error.message, error.remedy)] };
  }
}

const LOOKS: Record<Check["state"], { mark: string; style: string }> = {
  ok: { mark: "ok", style: STYLE.green },
  warning: { mark: "warning", style: STYLE.yellow },
  broken: { mark: "broken", style: STYLE.red },
  skipped: { mark: "-", style: STYLE.faint },
};

/** Of the marks, and of the spaces behind names. */
const INDENT = 11;
/** In fewer columns words are broken by the terminal, and take fewer rows. */
const ROOM_MIN = 24;

function toText(checks: readonly Check[], { streams }: Terminal): string {
  const isTerminal = streams?.output.isTTY === true;
  const isColoured = streams !== undefined && areColoursWanted(colourWishes(), isTerminal);
  const width = Math.max(...checks.map(({ name }) => name.length));
  const indent = plain(" ".repeat(width + INDENT));
  // Programs and files get a sentence a line; a terminal has them broken where words end.
  const room = isTerminal ? (streams.output.columns || 80) - width - INDENT : ROOM_MIN;
  const toLines = (text: string) =>
    isTerminal && room >= ROOM_MIN ? wrapSpans([plain(text)], room) : [[plain(text)]];
  const rows = checks.flatMap(({ name, state, found, remedy }): Span[][] => {
    const { mark, style } = LOOKS[state];
    const head = [{ text: mark.padEnd(9), style }, plain(`${name.padEnd(width)}  `)];
    const lines = [...toLines(found), ...(remedy === undefined ? [] : toLines(remedy))];
    return lines.map((line, index) => [...(index === 0 ? head : [indent]), ...line]);
  });
  return rows.map((row) => `${toAnsi(row, isColoured)}\n`).join("");
}
