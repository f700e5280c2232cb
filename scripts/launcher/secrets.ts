import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { StartError } from "@/lib/util/start-error";

const secretsSchema = z.object({
  workerSecret: z.string().min(16),
  cookieSecret: z.string().min(16),
  adminToken: z.string().min(16),
});

export type Secrets = z.infer<typeof secretsSchema>;

/** The secrets of a data folder; made at its first start and kept, so that cookies and sessions outlive a restart. */
export function readSecrets(dataDir: string): Secrets {
  const path = join(dataDir, "secrets.json");
  if (existsSync(path)) return parseSecrets(path);
  const make = () => randomBytes(24).toString("base64url");
  const secrets = { workerSecret: make(), cookieSecret: make(), adminToken: make() };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
  return secrets;
}

function parseSecrets(path: string): Secrets {
  try {
    return secretsSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    if (cause instanceof Error && "code" in cause) throw cause;
    throw new StartError({
      message: `${path} is damaged.`,
      remedy: "Restore it, or delete it: visitors then lose their cookies, and nothing else.",
      cause,
    });
  }
}
