import { type Command, CommanderError } from "commander";
import { StartError, type StartErrorOptions } from "@/lib/util/start-error";

/** What commands end with beside 0 and 1, where --help of one says so. */
export const CLI_EXIT_CODES = {
  /** The command cannot do what it was asked for: the numbers or files are there and hold nothing. */
  nothing: 1,
  /** It was used wrongly: a flag, a name, a file that is not there. */
  badUse: 2,
  /** Ctrl-C ended it: 128 and the signal's number, as shells count. */
  interrupted: 130,
} as const;

/** Makes flags and arguments that are wrong end the command as bad use; help still ends with 0. */
export function endBadUse(command: Command): Command {
  return command.exitOverride((error) => {
    if (error.exitCode === 0) throw error;
    throw new CommanderError(CLI_EXIT_CODES.badUse, error.code, error.message);
  });
}

/** An expected end of a command with an exit code of its own. */
export class CliError extends StartError {
  readonly exitCode: number;

  constructor(options: StartErrorOptions & { exitCode: number }) {
    super(options);
    this.name = "CliError";
    this.exitCode = options.exitCode;
  }
}
