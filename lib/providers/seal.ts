import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { purposeKey } from "@/lib/auth/signed-value";
import { credentialsSchema } from "@/lib/protocol/external-models";
import type { Credentials } from "@/lib/protocol/model-entry";

/**
 * Keys of providers as the database has them: AES-256-GCM (NIST SP 800-38D) under a key made of PARLEY_SECRET
 * for this purpose alone. Each sealed text has a nonce of its own, and is bound to its row: in another row, or
 * under another provider, it does not open. The form is `v1.<nonce>.<tag>.<text>`, all base64url.
 */

/** What a sealed text is bound to. */
export type SealedPlace = { id: string; provider: string };

const FORM = "v1";
const CIPHER = "aes-256-gcm";
/** What GCM is made for; random ones repeat with a chance of 2^-32 after 2^32 of them. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function sealCredentials(
  credentials: Credentials,
  place: SealedPlace,
  secret: string,
): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, purposeKey("provider-keys", secret), nonce);
  cipher.setAAD(boundTo(place));
  const text = Buffer.concat([cipher.update(JSON.stringify(credentials), "utf8"), cipher.final()]);
  const parts = [nonce, cipher.getAuthTag(), text].map((it) => it.toString("base64url"));
  return [FORM, ...parts].join(".");
}

/** Undefined where it was sealed under another secret, for another place, or is not as it was written. */
export function openCredentials(
  sealed: string,
  place: SealedPlace,
  secret: string,
): Credentials | undefined {
  const [form, ...parts] = sealed.split(".");
  const [nonce, tag, text] = parts.map((it) => Buffer.from(it, "base64url"));
  if (form !== FORM || parts.length !== 3 || !nonce || !tag || !text) return undefined;
  if (nonce.length !== NONCE_BYTES || tag.length !== TAG_BYTES) return undefined;
  try {
    const key = purposeKey("provider-keys", secret);
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(place)).setAuthTag(tag);
    const opened = Buffer.concat([decipher.update(text), decipher.final()]).toString("utf8");
    return credentialsSchema.parse(JSON.parse(opened));
  } catch {
    // Its tag is another one; the error says no more than that.
    return undefined;
  }
}

function boundTo({ id, provider }: SealedPlace): Buffer {
  return Buffer.from(`${FORM}\n${id}\n${provider}`, "utf8");
}
