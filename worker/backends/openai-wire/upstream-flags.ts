import { readVariable } from "@/lib/env";
import { REQUEST_FIELDS, type RequestField } from "@/lib/protocol/request-fields";
import { isLoopback } from "@/lib/util/loopback";
import { StartError } from "@/lib/util/start-error";
import type { FlagValues } from "../../backend-definition";
import { textOf, toUrl, wrongFlag } from "../../flag-rules";

/** Flags that workers before servers of OpenAI's wire have in common. */

export type NamedModel = { upstreamName: string; name: string };

/** A key in an address would stand in logs. */
export function toBaseUrl(word: string): string {
  const url = toUrl("base-url", word);
  const { username, password, search, hash } = new URL(url);
  if (username === "" && password === "" && search === "" && hash === "") return url;
  throw new StartError({
    message: "--base-url holds a password or a query.",
    remedy: "Give the key with --api-key-env or --header.",
  });
}

/** Words of `--model`: `<name>=<shown name>`, or a name alone. @throws StartError for two of one shown name. */
export function toNamedModels(words: readonly string[]): NamedModel[] {
  const models = words.map((word) => {
    const [, upstreamName = word, name = word] = /^([^=]+)=(.+)$/.exec(word) ?? [];
    return { upstreamName, name };
  });
  const names = models.map(({ name }) => name);
  const again = names.find((name, index) => names.indexOf(name) !== index);
  if (again === undefined) return models;
  throw new StartError({
    message: `--model shows two models as ${again}.`,
    remedy: "Show one of them under another name: --model <name>=<shown name>.",
  });
}

/** What `--api-key-env` names; undefined without one. */
export function readKey(values: FlagValues): string | undefined {
  const key = textOf(values, "api-key-env");
  if (key === undefined) return undefined;
  if (!/^[A-Za-z_]\w*$/.test(key)) {
    throw new StartError({
      message: "--api-key-env is the name of a variable.",
      remedy: "Put the key into a variable and give its name.",
    });
  }
  return readSecret("api-key-env", key);
}

/** Out of reach of whoever writes settings down. */
export function toSecret<T>(value: T): () => T {
  return () => value;
}

export function readSecret(flag: string, variable: string): string {
  const value = readVariable(variable)?.trim();
  if (value === undefined || value === "") {
    throw new StartError({
      message: `--${flag} names ${variable}, which is not set.`,
      remedy: "Set it in the environment or in .env.",
    });
  }
  if (/^[\x20-\x7e]+$/.test(value)) return value;
  throw new StartError({
    message: `${variable}, which --${flag} names, holds what no header can.`,
    remedy: "Look for a line break or a letter beyond ASCII in it.",
  });
}

export function toField(flag: string, word: string): RequestField {
  const field = REQUEST_FIELDS.find((it) => it === word);
  if (field === undefined) throw wrongFlag(flag, `is one of ${REQUEST_FIELDS.join(", ")}`, word);
  return field;
}

export function warnOfPlainKey(
  { baseUrl, headers }: { baseUrl: string; headers: () => Readonly<Record<string, string>> },
  warn: (message: string) => void,
): void {
  const { protocol, hostname } = new URL(baseUrl);
  const isLocal = isLoopback(hostname.replace(/^\[|\]$/g, ""));
  if (protocol !== "http:" || isLocal || Object.keys(headers()).length === 0) return;
  warn("the key goes over the network in clear: give --base-url an address that begins with https");
}
