import * as z from "zod";
import { arenaSettingsSchema } from "./arena-settings";

/** The rules of the arena as operators see and change them (`/api/admin/arena`). */

const versionSchema = z.uuid().nullable();

/** All rules, in place of those that were. */
export const arenaRulesBodySchema = arenaSettingsSchema.extend({
  /** Of the rules that were read and changed: where others hold by now, nothing is written. Null: none were stored yet. */
  version: versionSchema,
});

const drawnModelSchema = z.object({
  model: z.string(),
  isAwake: z.boolean(),
  /** Of all battles that begin now, it is in this share. */
  share: z.number(),
});

export const arenaRulesSchema = z.object({
  version: versionSchema,
  settings: arenaSettingsSchema,
  /** What holds where nothing was changed. */
  defaults: arenaSettingsSchema,
  /** How pairs are drawn now. */
  method: z.enum(["uniform", "weighted", "active"]),
  /** Models that can be drawn or are named in the rules, by name. */
  models: z.array(drawnModelSchema),
});

export const arenaChangeSchema = z.object({
  version: z.uuid(),
  changedAt: z.iso.datetime(),
  /** One a rule, with its values as JSON; null where it did not stand there. */
  changes: z.array(
    z.object({ rule: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
  ),
});

/** Newest first. */
export const arenaHistorySchema = z.object({ history: z.array(arenaChangeSchema) });

export type ArenaRules = z.infer<typeof arenaRulesSchema>;
export type DrawnModel = z.infer<typeof drawnModelSchema>;
export type ArenaChange = z.infer<typeof arenaChangeSchema>;
