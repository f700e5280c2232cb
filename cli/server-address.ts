import { CLI_EXIT_CODES, CliError } from "./cli-error";

/**
 * The address of a server as a flag was given it. @throws CliError for what is none, and for one with a name and
 * password in it: addresses are shown in greetings, errors and statuses.
 */
export function parseServerAddress(flag: string, text: string, example: string): URL {
  const url = /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined)
    throw badAddress(`${flag}: "${text}" is no address.`, `Write it as ${example}.`);
  if (url.username === "" && url.password === "") return url;
  throw badAddress(
    `${flag} holds a name or password, which would be shown.`,
    "Leave it out, and name the variable of a key.",
  );
}

function badAddress(message: string, remedy: string): CliError {
  return new CliError({ message, remedy, exitCode: CLI_EXIT_CODES.badUse });
}
