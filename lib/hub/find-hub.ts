import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { readVariable } from "@/lib/env";
import { AppError } from "@/lib/errors";
import type { Hub, HubName } from "./hub";
import { HUBS } from "./hubs";

export type FindHubOptions = {
  /** A mirror that a person named. */
  url?: string | undefined;
};

type Variable = (name: string) => string | undefined;

/**
 * A hub as the variables of its own tools say: mirror, token, and whether it may be asked at all.
 *
 * @param variable what a variable holds; the environment's and .env's where nobody says otherwise
 * @throws AppError `invalid-request` naming the variable at fault, never what it holds.
 */
export function findHub(
  name: HubName,
  { url }: FindHubOptions,
  variable: Variable = readVariable,
): Hub {
  const { make, endpoint, findEndpoint } = HUBS[name];
  const found = findEndpoint(variable);
  const base = url ?? found;
  if (base !== undefined) expectUrl(base, url === undefined ? endpoint : "--hub-url");
  const hub = make({ url: base, token: findToken(name, base, variable) });
  if (name !== "huggingface" || !isYes(variable("HF_HUB_OFFLINE"))) return hub;
  return {
    ...hub,
    find: () => {
      throw new AppError("unavailable", {
        message: "HF_HUB_OFFLINE is set, so the hub is not asked. Unset it to download.",
      });
    },
  };
}

function findToken(
  name: HubName,
  base: string | undefined,
  variable: Variable,
): string | undefined {
  for (const word of HUBS[name].tokens) {
    const token = variable(word)?.trim();
    if (token) return expectToken(token, word);
  }
  // What its login wrote down is the public hub's: no mirror is sent it that nobody gave it to.
  if (name !== "huggingface" || base !== undefined) return undefined;
  if (isYes(variable("HF_HUB_DISABLE_IMPLICIT_TOKEN"))) return undefined;
  const cache = variable("XDG_CACHE_HOME") ?? join(homedir(), ".cache");
  const home = variable("HF_HOME") ?? join(cache, "huggingface");
  const path = variable("HF_TOKEN_PATH") ?? join(home, "token");
  try {
    const token = readFileSync(path, "utf8").trim();
    return token === "" ? undefined : expectToken(token, path);
  } catch (error) {
    if (error instanceof AppError) throw error;
    // Nobody has logged in, or as another user.
    return undefined;
  }
}

/** One that no header can hold would stand whole in the error of whoever tries. */
function expectToken(token: string, place: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new AppError("invalid-request", {
    message: `${place} holds no token: there is a blank, a line break or a letter beyond ASCII in it.`,
  });
}

function expectUrl(word: string, place: string): void {
  const url = URL.canParse(word) ? new URL(word) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search)
    return;
  throw new AppError("invalid-request", {
    message: `${place} is no address of a hub: write https://host, without a user, a password or a query. A token goes by its own variable.`,
  });
}

const isYes = (word: string | undefined) => /^(?:1|true|yes|on)$/i.test(word ?? "");
