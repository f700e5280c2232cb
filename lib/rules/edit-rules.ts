import { RULES_HISTORY_MAX } from "@/lib/arena-limits";
import { announce } from "@/lib/db/change-feed";
import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { enterLedger } from "@/lib/ledger/enter-ledger";
import type { ArenaChange } from "@/lib/protocol/arena-rules-view";
import { type ArenaSettings, DEFAULT_ARENA_SETTINGS } from "@/lib/protocol/arena-settings";
import { checkRules } from "./check-rules";
import { compareRules } from "./compare-rules";
import { toHiddenModels } from "./hidden-models";
import {
  createNamedEntry,
  createRulesEntry,
  createSettings,
  findModelIds,
  findNewestSettings,
  lockSettings,
  readSettings,
} from "./store";
import { toEditableSettings } from "./stored-rules";

/** What operators change: by the admin page or the terminal, by the same rules. */

/** Null until somebody changed a rule. */
export type RulesVersion = string | null;

export type VersionedRules = { version: RulesVersion; settings: ArenaSettings };

export async function readVersionedRules(db: Database = database()): Promise<VersionedRules> {
  const row = await findNewestSettings(db);
  return row === undefined
    ? { version: null, settings: DEFAULT_ARENA_SETTINGS }
    : { version: row.id, settings: toEditableSettings(row.settings) };
}

/**
 * Stores rules in place of those of `version`; every process holds to them within a second. What changes
 * nothing is not stored. A model that is named from now on is entered in the public log, with the votes it
 * brings along: nobody shall wonder where they come from. What becomes private or public is in its ledger.
 *
 * @throws AppError `invalid-request` that names the field, or `conflict` when other rules hold by now.
 */
export async function editRules(
  { version, settings }: { version: RulesVersion; settings: ArenaSettings },
  db: Database = database(),
): Promise<RulesVersion> {
  checkRules(settings);
  return db.transaction(async (transaction) => {
    await lockSettings(transaction);
    const before = await readVersionedRules(transaction);
    if (before.version !== version) throw changedMeanwhile();
    const changes = compareRules(before.settings, settings);
    if (changes.length === 0) return before.version;
    const created = await createSettings(transaction, settings);
    const [wereHidden, areHidden] = [toHiddenModels(before.settings), toHiddenModels(settings)];
    await enterSubjects(transaction, changes, new Set([...wereHidden, ...areHidden]));
    await enterPrivacy(transaction, wereHidden, areHidden);
    await announce(transaction, "arena");
    return created;
  });
}

/** What boards are made by, told in public: which rules changed, not to what, since a rule may name a private model. */
const SUBJECTS: readonly { prefix: string; words: string }[] = [
  { prefix: "sampling.models.", words: "how often single models are drawn" },
  { prefix: "sampling.", words: "how pairs are drawn" },
  { prefix: "pace.", words: "the pace at which answers are shown" },
  { prefix: "integrity.", words: "which votes count" },
  { prefix: "ratings.", words: "how ratings are computed" },
];

async function enterSubjects(
  db: Database,
  changes: ArenaChange["changes"],
  secret: ReadonlySet<string>,
): Promise<void> {
  const isSecret = (rule: string) =>
    [...secret].some((model) => rule.startsWith(`sampling.models.${model}.`));
  const words = changes
    .filter(({ rule }) => !isSecret(rule))
    .map(({ rule }) => SUBJECTS.find(({ prefix }) => rule.startsWith(prefix))?.words);
  const subjects = [...new Set(words)].filter((it) => it !== undefined);
  if (subjects.length > 0) await createRulesEntry(db, subjects);
}

async function enterPrivacy(
  db: Database,
  before: ReadonlySet<string>,
  hidden: ReadonlySet<string>,
): Promise<void> {
  const named = [...before].filter((it) => !hidden.has(it));
  const kept = [...hidden].filter((it) => !before.has(it));
  await enterLedger(db, { kind: "made-public", modelIds: await findModelIds(db, named) });
  await enterLedger(db, { kind: "made-private", modelIds: await findModelIds(db, kept) });
  for (const model of named) await createNamedEntry(db, model);
}

/** The newest changes first, each with what it changed. */
export async function readRulesHistory(db: Database = database()): Promise<ArenaChange[]> {
  // One more than is told of, to compare the oldest with.
  const rows = await readSettings(db, RULES_HISTORY_MAX + 1);
  return rows.slice(0, RULES_HISTORY_MAX).map(({ id, settings, createdAt }, index) => {
    const before = rows[index + 1];
    return {
      version: id,
      changedAt: createdAt.toISOString(),
      changes: compareRules(
        before === undefined ? DEFAULT_ARENA_SETTINGS : toEditableSettings(before.settings),
        toEditableSettings(settings),
      ),
    };
  });
}

function changedMeanwhile(): AppError {
  return new AppError("conflict", {
    message:
      "The rules were changed by somebody else after you had read them, so nothing was saved. Look at what holds now, and change that.",
  });
}
