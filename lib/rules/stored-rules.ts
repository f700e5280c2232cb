import type * as z from "zod";
import { AppError } from "@/lib/errors";
import {
  type ArenaSettings,
  arenaSettingsSchema,
  DEFAULT_ARENA_SETTINGS,
} from "@/lib/protocol/arena-settings";
import { log } from "@/lib/telemetry/log";

/**
 * Stored rules as this version understands them. A newer one may have written them, which processes of
 * this one meet while they are replaced and after a way back: fields that it has no name for are left out.
 *
 * @throws AppError `unavailable` where a field that it knows cannot be read. Defaults in its place would
 * undo what an operator has forbidden or hidden.
 */
export function toSettings(stored: unknown): ArenaSettings {
  const read = parseKnown(stored);
  if (read.success) return read.data;
  const fields = toFields(read.error);
  log.error({ fields }, "stored rules of the arena not understood");
  throw new AppError("unavailable", {
    message: `The arena's rules were stored by another version of this server, which cannot read ${fields.map((it) => `\`${it}\``).join(", ")}. An operator has to save them again on the page of rules.`,
    retryAfterSeconds: 5,
  });
}

/** The same for operators, who must see the rules to mend them: a section that cannot be read has its defaults. */
export function toEditableSettings(stored: unknown): ArenaSettings {
  const read = parseKnown(stored);
  if (read.success) return read.data;
  const unread = new Set(read.error.issues.map(({ path }) => path[0]));
  log.error({ fields: toFields(read.error) }, "sections of stored rules shown with their defaults");
  if (!isRecord(stored)) return DEFAULT_ARENA_SETTINGS;
  const rest = Object.entries(stored).filter(([section]) => !unread.has(section));
  const again = parseKnown(Object.fromEntries(rest));
  return again.success ? again.data : DEFAULT_ARENA_SETTINGS;
}

function parseKnown(stored: unknown) {
  const read = arenaSettingsSchema.safeParse(stored);
  if (read.success) return read;
  // All of them are named at once, however deep they stand.
  const known = structuredClone(stored);
  for (const issue of read.error.issues) {
    if (issue.code === "unrecognized_keys") removeKeys(known, issue.path, issue.keys);
  }
  return arenaSettingsSchema.safeParse(known);
}

function removeKeys(root: unknown, path: readonly PropertyKey[], keys: readonly string[]): void {
  let at = root;
  for (const step of path) {
    if (!isRecord(at)) return;
    at = at[String(step)];
  }
  if (!isRecord(at)) return;
  for (const key of keys) delete at[key];
}

/** Arrays too: their places are keys. */
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** Names alone: what stands in rules is nobody's to log. */
const toFields = ({ issues }: z.core.$ZodError): string[] => [
  ...new Set(issues.map(({ path }) => path.join(".") || "rules")),
];
