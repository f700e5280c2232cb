import { env } from "@/lib/env";

/** The secret behind every cookie of ours. */
export function cookieSecret(): string {
  const secret = env().PARLEY_SECRET;
  if (secret === undefined) {
    throw new Error("PARLEY_SECRET is not set. `npm start` makes one; elsewhere set it yourself.");
  }
  return secret;
}
