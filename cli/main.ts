import { Command, CommanderError } from "commander";
import { readVariable } from "@/lib/env";
import { isAppError } from "@/lib/errors";
import { takeOutboundProxy } from "@/lib/util/outbound-proxy";
import { StartError } from "@/lib/util/start-error";
import { colourWishes } from "./chat/person";
import { CliError, endBadUse } from "./cli-error";
import { addExamples } from "./command-examples";
import { addAliasesCommand } from "./commands/aliases";
import { addArenaCommand } from "./commands/arena";
import { addChatCommand } from "./commands/chat";
import { addConfigCommand } from "./commands/config";
import { addDbCommand } from "./commands/db";
import { addDoctorCommand } from "./commands/doctor";
import { addKeysCommand } from "./commands/keys";
import { addLeaderboardCommand } from "./commands/leaderboard";
import { addModelsCommand } from "./commands/models";
import { addProvidersCommand } from "./commands/providers";
import { addRatingsCommand } from "./commands/ratings";
import { addReviewsCommand } from "./commands/reviews";
import { addStatusCommand } from "./commands/status";
import { addUsageCommand } from "./commands/usage";
import { addWorkerCommand } from "./commands/worker";
import { addWorkersCommand } from "./commands/workers";
import { groupCommands, layOutHelp } from "./program-help";
import { areColoursWanted } from "./screen/colours-wanted";
import { safeText } from "./screen/safe-text";
import type { Terminal } from "./terminal";
import { readVersion } from "./version";

/** The terminal door. Resolves with the exit code; a worker resolves when it has ended. */
export async function runCli(words: string[], terminal: Terminal): Promise<number> {
  const program = new Command("parley")
    .description("Parley: compare language models, blind and side by side.")
    .version(readVersion(terminal.root))
    // Flags after a command's name are that command's, also where it hands them on.
    .enablePositionalOptions()
    .configureOutput({ writeOut: terminal.write, writeErr: terminal.writeError });
  // Before there are commands: each takes these over as it is made.
  endBadUse(program);
  layOutHelp(program, () =>
    areColoursWanted(colourWishes(), terminal.streams?.output.isTTY === true),
  );
  addChatCommand(program, terminal);
  addStatusCommand(program, terminal);
  addDoctorCommand(program, terminal);
  addWorkerCommand(program, terminal);
  addWorkersCommand(program, terminal);
  addModelsCommand(program, terminal);
  addProvidersCommand(program, terminal);
  addAliasesCommand(program, terminal);
  addArenaCommand(program, terminal);
  addConfigCommand(program, terminal);
  addDbCommand(program, terminal);
  addKeysCommand(program, terminal);
  addUsageCommand(program, terminal);
  addReviewsCommand(program, terminal);
  addRatingsCommand(program, terminal);
  addLeaderboardCommand(program, terminal);
  try {
    takeOutboundProxy(readVariable);
    groupCommands(program);
    addExamples(program);
    await program.parseAsync(toParsed(words, program), { from: "user" });
    return 0;
  } catch (error) {
    // Commander has written what it had to say: help, the version, a flag it does not know.
    if (error instanceof CommanderError) return error.exitCode;
    terminal.writeError(`${sentenceOf(error)}\n`);
    return error instanceof CliError ? error.exitCode : 1;
  }
}

/** Alone it is help; help of a command that there is not names the nearest, where commander shows all there is. */
function toParsed(words: string[], program: Command): string[] {
  const [first, name] = words;
  if (first === undefined) return ["--help"];
  const known = ["help", ...program.commands.map((it) => it.name())];
  return first === "help" && name !== undefined && !known.includes(name) ? [name] : words;
}

/** Expected errors are a sentence; a bug is worth its stack. */
function sentenceOf(error: unknown): string {
  // Some of it is what strangers wrote.
  if (error instanceof StartError) return safeText(error.line);
  if (isAppError(error)) return safeText(error.message);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
