import { defineConfig } from "@playwright/test";
import { findBrowser } from "./e2e/browser";

// The config is read again in every process that runs tests; the browser is looked for once.
process.env.E2E_BROWSER ??= findBrowser();
const platform = process.env.E2E_PLATFORM;

export default defineConfig({
  testDir: "e2e",
  testMatch: "**/*.e2e.ts",
  outputDir: "test-results",
  globalSetup: "./e2e/global-setup.ts",
  // One platform and one leaderboard for all: what one test votes another would see move.
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env.CI !== undefined,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    // Known once the global setup has run, which is before tests begin.
    ...(platform ? { baseURL: JSON.parse(platform).url } : {}),
    launchOptions: { executablePath: process.env.E2E_BROWSER },
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
  },
});
