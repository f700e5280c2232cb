import { arena } from "@/lib/arena/arena";
import { readAwakeModels } from "@/lib/arena/awake-models";
import { readPairs } from "@/lib/arena/draw-pair";
import { jsonReply } from "@/lib/http/reply";
import type { ArenaRules } from "@/lib/protocol/arena-rules-view";
import { DEFAULT_ARENA_SETTINGS } from "@/lib/protocol/arena-settings";
import { readVersionedRules } from "@/lib/rules/edit-rules";

/** The rules with what they come to: how often each model is drawn now. */
export async function readRulesForKeepers(): Promise<Response> {
  const [{ version, settings }, awake] = await Promise.all([
    readVersionedRules(),
    readAwakeModels(arena().controller),
  ]);
  const { table, method } = await readPairs(
    { rules: { get: async () => settings }, pairScores: arena().pairScores },
    awake,
  );
  const shareOf = new Map(
    // A model is on the right as often as on the left.
    table.models.map((model, at) => [model, 2 * (table.shares[at] ?? 0)]),
  );
  const named = settings.sampling.models.map(({ model }) => model);
  const models = [...new Set([...shareOf.keys(), ...named])].sort().map((model) => ({
    ...{ model, isAwake: shareOf.has(model), share: shareOf.get(model) ?? 0 },
  }));
  const rules: ArenaRules = { version, settings, defaults: DEFAULT_ARENA_SETTINGS, method, models };
  return jsonReply(rules);
}
