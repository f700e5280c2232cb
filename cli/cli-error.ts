import { StartError, type StartErrorOptions } from "@/lib/util/start-error";

/** What commands end with beside 0 and 1, where --help of one says so. */
export const CLI_EXIT_CODES = {
  /** The command cannot do what it was asked for: the numbers or files are there and hold nothing. */
  nothing: 1,
  /** It was used wrongly: a flag, a name, a file that is not there. */
  badUse: 2,
} as const;

/** An expected end of a command with an exit code of its own. */
export class CliError extends StartError {
  readonly exitCode: number;

  constructor(options: StartErrorOptions & { exitCode: number }) {
    super(options);
    this.name = "CliError";
    this.exitCode = options.exitCode;
  }
}
