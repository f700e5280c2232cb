import { changeRules, letQuickVotesCount } from "./arena-rules";
import { startPlatform } from "./platform";

/** Before all end-to-end tests: one whole platform, which the processes that run the tests find in their environment. */
export default async function setup(): Promise<() => Promise<void>> {
  const { stop, children: _, output: __, ...facts } = await startPlatform();
  await changeRules(facts, letQuickVotesCount);
  process.env.E2E_PLATFORM = JSON.stringify(facts);
  return stop;
}
