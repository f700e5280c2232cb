import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { mendPostgres } from "./scripts/mend-postgres.mjs";

// For whoever installed by hand.
mendPostgres(`${import.meta.dirname}/node_modules/postgres`);

export default defineConfig({
  resolve: { alias: { "@": import.meta.dirname } },
  test: {
    environment: "node",
    include: ["{app,bench,cli,components,lib,scripts,worker}/**/*.test.{ts,tsx}"],
    // One embedded Postgres and one set of bundles serve the whole run.
    globalSetup: ["./lib/db/testing-setup.ts"],
    // Failures are read from what a test expects, not from log lines between the dots; and a clone's own
    // parley.yaml and .env are none of a test's business.
    env: { LOG_LEVEL: "silent", PARLEY_CONFIG: "none" },
    // Half of what tests take is waiting for clocks and the database. Of its own vitest leaves a core free, and
    // on a machine of two ran one file at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    // What comes to pass in time is no test's subject: a second, vitest's own, is little where eight things run at once.
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 60_000,
  },
});
