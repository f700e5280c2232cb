import { OFFERED_RULES_MAX } from "@/lib/arena-limits";
import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { DEFAULT_ARENA_SETTINGS, drawRuleSchema } from "@/lib/protocol/arena-settings";
import { editRules } from "./edit-rules";
import { findNewestSettings, lockSettings } from "./store";
import { toSettings } from "./stored-rules";

/**
 * Writes the rule that only battles draw these models, which a worker has just made known with that wish. To be
 * called in the transaction that makes them known, so that nobody ever reads a name without its rule. A model that
 * has a rule keeps it: an operator has spoken.
 *
 * @returns the names that are hidden by it.
 * @throws AppError `unavailable` where the rules cannot be read by this version, which must not write defaults in
 * their place; `conflict` where they have no room; `invalid-request` for a name that no rule can be about.
 */
export async function hideOffered(
  transaction: Database,
  names: readonly string[],
): Promise<string[]> {
  if (names.length === 0) return [];
  await lockSettings(transaction);
  const row = await findNewestSettings(transaction);
  const settings = row === undefined ? DEFAULT_ARENA_SETTINGS : toSettings(row.settings);
  const { models } = settings.sampling;
  const ruled = new Set(models.map(({ model }) => model));
  const hidden = names.filter((name) => !ruled.has(name));
  if (hidden.length === 0) return [];
  if (models.length + hidden.length > OFFERED_RULES_MAX) {
    throw new AppError("conflict", {
      message: `The arena's rules name ${models.length} models, and workers may add to them up to ${OFFERED_RULES_MAX}. Remove rules that are not needed on the page of rules, or offer these models without \`isAnonymousOnly\`.`,
      param: "card.models",
    });
  }
  const rules = hidden.map((model) => drawRuleSchema.parse({ model, isAnonymousOnly: true }));
  await editRules(
    {
      version: row?.id ?? null,
      settings: { ...settings, sampling: { ...settings.sampling, models: [...models, ...rules] } },
    },
    transaction,
  );
  return hidden;
}
