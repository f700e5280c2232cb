import { isSameSecret } from "@/lib/auth/bearer";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";

/**
 * Lets in who calls a controller of FastChat's. Its workers know no secret but what their controller's URL
 * holds: a part of the path, or a password, which they send as HTTP's Basic (RFC 7617).
 *
 * @throws AppError `not-found` where no FastChat worker may join at all, `unauthenticated`, `forbidden`.
 */
export function authenticateFastchat(request: Request, pathToken: string | undefined): void {
  const expected = env().PARLEY_FASTCHAT_TOKEN;
  if (expected === undefined)
    throw new AppError("not-found", { message: "There is nothing here." });
  const given = pathToken ?? readBasicPassword(request.headers.get("authorization"));
  if (given === undefined) {
    throw new AppError("unauthenticated", {
      message:
        "Start the worker with --controller-address http://<host>/controller/<token>; the token is the server's PARLEY_FASTCHAT_TOKEN.",
    });
  }
  if (isSameSecret(given, expected)) return;
  throw new AppError("forbidden", {
    message: "The token in the controller's address is not this server's PARLEY_FASTCHAT_TOKEN.",
  });
}

function readBasicPassword(header: string | null): string | undefined {
  const [scheme, credentials] = [header?.slice(0, 6), header?.slice(6).trim()];
  if (scheme?.toLowerCase() !== "basic " || !credentials) return undefined;
  const text = Buffer.from(credentials, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon === -1 ? undefined : text.slice(colon + 1);
}
