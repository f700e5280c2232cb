import type { Database } from "@/lib/db/client";
import { type DrawRule, drawRuleSchema } from "@/lib/protocol/arena-settings";
import { editRules, readVersionedRules } from "./edit-rules";
import { lockSettings } from "./store";

export type DrawSwitches = { model: string; arena: boolean; isAnonymousOnly: boolean };

/**
 * Says of one model whether battles draw it, and whether they alone do; whatever else its rule says stays, and what
 * becomes of it is logged as with every change of the rules.
 *
 * @throws AppError `invalid-request`
 */
export async function setDrawRule(
  db: Database,
  { model, arena, isAnonymousOnly }: DrawSwitches,
): Promise<void> {
  await db.transaction(async (transaction) => {
    await lockSettings(transaction);
    const { version, settings } = await readVersionedRules(transaction);
    const { models } = settings.sampling;
    const before = models.find((it) => it.model === model);
    const rule = before ?? drawRuleSchema.parse({ model });
    const isDrawn = !rule.isOut && rule.weight > 0;
    if (isDrawn === arena && rule.isAnonymousOnly === isAnonymousOnly) return;
    const after: DrawRule = {
      ...{ ...rule, isAnonymousOnly, isOut: !arena },
      // Of weight 0 it would not be drawn, whatever else is said.
      weight: arena && rule.weight === 0 ? 1 : rule.weight,
    };
    const others = models.filter((it) => it.model !== model);
    const sampling = { ...settings.sampling, models: [...others, after] };
    await editRules({ version, settings: { ...settings, sampling } }, transaction);
  });
}
