import { AppError } from "@/lib/errors";
import type { KeyFinding } from "./key-ring";

/** What the holder of a key hears that does not let them in; undefined for one that does. Never with the key in it. */
export function refuseKey(finding: KeyFinding): AppError | undefined {
  switch (finding.state) {
    case "live":
      return undefined;
    case "expired": {
      const at = new Date(finding.expiredAtMs).toISOString();
      const message = `This API key expired at ${at}. Ask whoever runs this server for another one.`;
      return new AppError("unauthenticated", { message });
    }
    case "revoked":
      return new AppError("unauthenticated", {
        message: "This API key was revoked. Ask whoever runs this server for another one.",
      });
    case "unreadable":
      // Another server of the platform may be new enough, so the same request is worth another try.
      return new AppError("unavailable", {
        message:
          "A newer version of this server wrote this API key's limits, and this one cannot hold it to them. Try again, or have whoever runs this server set them anew.",
        retryAfterSeconds: 2,
      });
    case "unknown":
      return new AppError("unauthenticated", {
        message:
          "This is no API key of this server. Check that all of it was copied, or ask whoever runs this server for one.",
      });
  }
}
