import type { NextConfig } from "next";
import { SECURITY_HEADERS } from "./lib/http/security-headers";
import { codeVersion } from "./scripts/code-version.mjs";

const config: NextConfig = {
  poweredByHeader: false,
  // Pages, scripts and styles go out as gzip, a fifth of their bytes, also where there is no proxy in front. Token
  // streams are answered by the front and not by Next, which flushes each piece of what it streams itself.
  compress: true,
  // A 308 on POST is not resent by many HTTP clients, so /v1/x/ is answered like /v1/x.
  skipTrailingSlashRedirect: true,
  devIndicators: false,
  // As scripts/bundle.mjs does for the programs: both name the same code.
  compiler: { defineServer: { PARLEY_CODE_VERSION: codeVersion() } },
  // Of its driver, which connects to nothing here (lib/jobs/job-database.ts), parts are loaded only where they are installed.
  serverExternalPackages: ["pg-boss"],
  // Read at start, every route with its own copy of what they share: 35 MiB of source text of routes that the
  // front answers, and 50 MiB of the process's memory. A page is read when it is first asked for.
  experimental: { preloadEntriesOnStart: false },
  headers: async () => [
    {
      source: "/:path*",
      headers: Object.entries(SECURITY_HEADERS).map(([key, value]) => ({ key, value })),
    },
  ],
  // `npm test` type-checks everything; a mistake in a test must not keep `npm start` from starting.
  typescript: { ignoreBuildErrors: true },
};

export default config;
