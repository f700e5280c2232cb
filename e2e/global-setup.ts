import { startPlatform } from "./platform";

/** Before all end-to-end tests: one whole platform, which the processes that run the tests find in their environment. */
export default async function setup(): Promise<() => Promise<void>> {
  const { stop, children: _, output: __, ...facts } = await startPlatform();
  process.env.E2E_PLATFORM = JSON.stringify(facts);
  return stop;
}
