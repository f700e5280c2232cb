import { env } from "@/lib/env";
import { personalVariable } from "../chat/person";
import { CLI_EXIT_CODES, CliError } from "../cli-error";
import { findRunning, findSecrets, platformUrl } from "../running";
import { parseServerAddress } from "../server-address";

/** A platform to ask, and the admin token to ask with; absent: nothing that needs one is shown. */
export type StatusPlace = { url: string; token: string | undefined };

type StatusPlaceFlags = { url?: string; adminTokenEnv?: string };

/** @throws CliError for what is no address, and for a variable that is not set. */
export function toStatusPlace(root: string, { url, adminTokenEnv }: StatusPlaceFlags): StatusPlace {
  const place = url ?? platformUrl(root);
  const { href } = parseServerAddress("--url", place, "https://parley.example.com");
  const asked = href.replace(/\/$/, "");
  return { url: asked, token: readNamed(adminTokenEnv) ?? findOwnToken(asked, root) };
}

function readNamed(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const token = personalVariable(name);
  if (token) return token;
  throw new CliError({
    message: `The variable ${name} is not set.`,
    remedy: "Set it to the platform's admin token, or name another.",
    exitCode: CLI_EXIT_CODES.badUse,
  });
}

/**
 * Whoever gets the token may do all that an operator may: what this clone knows is for this clone's platform, and
 * no stranger's address that somebody looks at is told it.
 */
export function findOwnToken(url: string, root: string): string | undefined {
  const { PARLEY_ADMIN_TOKEN: set, PARLEY_CONTROLLER_URL: controller } = env();
  const { origin } = new URL(url);
  const running = findRunning(root)?.url;
  const isRunning = running !== undefined && new URL(running).origin === origin;
  const made = isRunning ? findSecrets(root)?.adminToken : undefined;
  return isRunning || new URL(controller).origin === origin ? (set ?? made) : undefined;
}
