import { createHmac, hkdfSync } from "node:crypto";
import { env } from "@/lib/env";

/** With what the web calls a worker; empty where this server lacks what it takes. */
export type CallSecretOf = (worker: { instanceId: string; tokenId: string | null }) => string;

/**
 * With what this server calls a worker. One that registered by a token of its own knows no other secret:
 * it is told one in the reply, made of the server's secret and of its instance, so that nothing is stored
 * in clear, every web process can make it anew, and no worker can call another (RFC 5869, RFC 2104).
 */
export const callSecretOf: CallSecretOf = ({ instanceId, tokenId }) => {
  if (tokenId === null) return env().PARLEY_WORKER_SECRET ?? "";
  const { PARLEY_SECRET: secret } = env();
  if (secret === undefined) return "";
  return createHmac("sha256", keyOf(secret)).update(`${tokenId}/${instanceId}`).digest("base64url");
};

let made: { secret: string; key: Buffer } | undefined;

function keyOf(secret: string): Buffer {
  if (made?.secret !== secret) {
    const key = Buffer.from(hkdfSync("sha256", secret, "", "parley/worker-call", 32));
    made = { secret, key };
  }
  return made.key;
}
