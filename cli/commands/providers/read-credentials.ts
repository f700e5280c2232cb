import { readVariable } from "@/lib/env";
import type { Credentials } from "@/lib/protocol/model-entry";
import {
  CREDENTIAL_KEYS,
  type CredentialKey,
  credentialKeysOf,
  type ProviderName,
} from "@/lib/protocol/provider-table";
import { CLI_EXIT_CODES, CliError } from "../../cli-error";
import { askHidden, readPiped } from "../../read-secret";
import type { Terminal } from "../../terminal";

const WORDS: Record<CredentialKey, string> = {
  key: "Key",
  accessKeyId: "Access key id",
  secretAccessKey: "Secret access key",
  sessionToken: "Session token",
};

function badUse(message: string, remedy: string): CliError {
  return new CliError({ message, remedy, exitCode: CLI_EXIT_CODES.badUse });
}

/**
 * A key of a provider, from variables, a pipe, or a person who types it unseen. Several parts are
 * `part=VARIABLE` each, or one JSON object in a pipe.
 *
 * @throws CliError
 */
export async function readCredentials(
  terminal: Terminal,
  provider: ProviderName,
  variables: readonly string[],
): Promise<Credentials> {
  if (variables.length > 0) return fromVariables(variables);
  const { streams } = terminal;
  if (streams === undefined) {
    throw badUse("There is nobody to ask for the key.", "Pipe it in, or name a variable.");
  }
  if (!streams.input.isTTY) return fromPipe(await readPiped(streams.input));
  const parts = credentialKeysOf(provider);
  const credentials: Credentials = {};
  for (const part of parts) {
    const isOne = parts.length === 1;
    const question = `${WORDS[part]}, unseen${isOne ? "" : " (Enter for none)"}: `;
    const text = await askHidden(question, streams);
    if (text !== "") credentials[part] = text;
    // The key stands for all other parts.
    if (part === "key" && text !== "") break;
  }
  return credentials;
}

function fromVariables(words: readonly string[]): Credentials {
  const credentials: Credentials = {};
  for (const word of words) {
    const at = word.indexOf("=");
    const [part, name] = at < 0 ? ["key", word] : [word.slice(0, at), word.slice(at + 1)];
    const known = CREDENTIAL_KEYS.find((it) => it === part);
    if (known === undefined) {
      const all = CREDENTIAL_KEYS.join(", ");
      throw badUse(`--from-env ${part}= names no part of a key.`, `There are ${all}.`);
    }
    const value = readVariable(name);
    if (value === undefined) {
      throw badUse(`The variable ${name} is not set.`, "Set it, or name another.");
    }
    credentials[known] = value;
  }
  return credentials;
}

function fromPipe(text: string): Credentials {
  if (text === "") throw badUse("Nothing was piped in.", "Pipe the key, or name a variable.");
  if (!text.startsWith("{")) return { key: text };
  try {
    // Its schema is looked at by whoever keeps it.
    return JSON.parse(text) as Credentials;
  } catch {
    throw badUse("What was piped in begins like JSON and is none.", "Pipe the key alone.");
  }
}
