import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { Database } from "@/lib/db/client";
import { BODY_BYTES_MAX } from "@/lib/limits";
import { checkPatterns } from "@/lib/moderation/patterns";
import {
  type ArenaSettings,
  arenaSettingsSchema,
  DEFAULT_ARENA_SETTINGS,
  type DrawRule,
  drawRuleSchema,
} from "@/lib/protocol/arena-settings";
import { compareRules } from "@/lib/rules/compare-rules";
import { editRules, readRulesHistory, readVersionedRules } from "@/lib/rules/edit-rules";
import { StartError } from "@/lib/util/start-error";
import { withDatabase } from "../open-database";
import { parseFlags, toFlagNumber } from "../parse-flags";
import { setRule } from "../set-rule";
import type { Terminal } from "../terminal";
import { plainLine, textTable } from "../text-table";

const SAVED = "Saved. Every process of the platform knows within a second.\n";
const UNCHANGED = "Nothing was changed: these rules hold already.\n";

type JsonFlag = { json?: true };

/** The rules of the arena: `parley arena …`, by the same checks as on the page. */
export function addArenaCommand(program: Command, terminal: Terminal): void {
  const arena = program.command("arena").description("The rules of the arena.");
  const within = <T>(work: (db: Database) => Promise<T>) => withDatabase(terminal.root, work);

  arena
    .command("show")
    .description("The rules that were changed, and what holds by default.")
    .option("--all", "all rules")
    .option("--json", "all rules as one JSON object, which `import` takes")
    .action(async ({ all, json }: JsonFlag & { all?: true }) => {
      const { version, settings } = await within(readVersionedRules);
      if (json) return terminal.write(`${JSON.stringify({ version, ...settings }, null, 2)}\n`);
      terminal.write(toText(settings, all ?? false));
    });
  arena
    .command("set <rule=value...>")
    .description("Change rules, as pace.isFair=false; rule=default takes a change back.")
    .action(async (words: string[]) => {
      const result = await within((db) =>
        save(db, (before) => words.reduce<unknown>((rules, word) => setRule(rules, word), before)),
      );
      terminal.write(result);
    });
  arena
    .command("history")
    .description("What was changed and when, the newest first.")
    .option("--json", "one JSON object")
    .action(async ({ json }: JsonFlag) => {
      const history = await within(readRulesHistory);
      if (json) return terminal.write(`${JSON.stringify({ history })}\n`);
      terminal.write(
        history.length === 0 ? "No rule was ever changed.\n" : history.map(toLines).join(""),
      );
    });
  arena
    .command("import <file>")
    .description(
      "All rules from a file of JSON, or from - (the standard input), in place of those that hold.",
    )
    .action(async (file: string) => {
      const said = readJson(file);
      terminal.write(await within((db) => replace(db, said)));
    });
  addModelsOfArena(arena, terminal);
}

type RuleFlags = {
  weight?: number;
  boost?: number;
  target?: string[];
  targetShare?: number;
  strictTarget?: string[];
  anonymousOnly?: boolean;
  out?: boolean;
};

function addModelsOfArena(arena: Command, terminal: Terminal): void {
  const models = arena.command("models").description("How models are drawn for battles.");
  models
    .command("list", { isDefault: true })
    .description("The models that a rule is about.")
    .option("--json", "one JSON object")
    .action(async ({ json }: JsonFlag) => {
      const { settings } = await withDatabase(terminal.root, readVersionedRules);
      const { models: rules } = settings.sampling;
      if (json) return terminal.write(`${JSON.stringify({ models: rules })}\n`);
      if (rules.length === 0)
        return terminal.write("No rule is about a model: all are drawn alike.\n");
      const head = ["model", "weight", "boost", "targets", "strict targets", ""];
      terminal.write(textTable([head, ...rules.map(toCells)]));
    });
  models
    .command("set <name>")
    .description("Change how a model is drawn; what is not named stays as it was.")
    .option("--weight <number>", "how often beside others; 0: never", toFlagNumber)
    .option("--boost <number>", "multiplies its weight where it is drawn first", toFlagNumber)
    .option(
      "--target <model...>",
      "rivals that it meets in --target-share of those battles; none: nobody",
    )
    .option("--target-share <share>", "0 to 1", toFlagNumber)
    .option(
      "--strict-target <pattern...>",
      "it meets nobody else; * stands for anything; none: anybody",
    )
    .option("--anonymous-only", "drawn in battles, and named nowhere else")
    .option("--no-anonymous-only", "named everywhere")
    .option("--out", "not drawn for now")
    .option("--no-out", "drawn again")
    .action(async (name: string, flags: RuleFlags) => {
      const result = await withDatabase(terminal.root, (db) =>
        save(db, (before) => withRule(before, toRule(name, flags, before))),
      );
      terminal.write(result);
    });
  models
    .command("unset <name>")
    .description("Forget what was said of a model: it is drawn like any other.")
    .action(async (name: string) => {
      const result = await withDatabase(terminal.root, (db) =>
        save(db, (before) => withRule(before, { model: name })),
      );
      terminal.write(result);
    });
}

const isNone = (words: readonly string[]) => words.length === 1 && words[0] === "none";

function toRule(model: string, flags: RuleFlags, { sampling }: ArenaSettings): object {
  const before = sampling.models.find((it) => it.model === model);
  const { target, strictTarget, anonymousOnly, out } = flags;
  return {
    ...before,
    model,
    ...(flags.weight !== undefined && { weight: flags.weight }),
    ...(flags.boost !== undefined && { boost: flags.boost }),
    ...(flags.targetShare !== undefined && { targetShare: flags.targetShare }),
    ...(target && { targets: isNone(target) ? [] : target }),
    ...(strictTarget && { strictTargets: isNone(strictTarget) ? [] : strictTarget }),
    ...(anonymousOnly !== undefined && { isAnonymousOnly: anonymousOnly }),
    ...(out !== undefined && { isOut: out }),
  };
}

/** In its place, or behind the others; a rule that says nothing is none. */
function withRule(settings: ArenaSettings, said: object): ArenaSettings {
  const rule = parseFlags(drawRuleSchema, said);
  const isEmpty =
    JSON.stringify(rule) === JSON.stringify(drawRuleSchema.parse({ model: rule.model }));
  const { models } = settings.sampling;
  const at = models.findIndex((it) => it.model === rule.model);
  const place = at === -1 ? models.length : at;
  const changed = models.toSpliced(place, 1, ...(isEmpty ? [] : [rule]));
  return { ...settings, sampling: { ...settings.sampling, models: changed } };
}

async function save(db: Database, change: (before: ArenaSettings) => unknown): Promise<string> {
  const { version, settings } = await readVersionedRules(db);
  const next = parseFlags(arenaSettingsSchema, change(settings));
  checkPatterns(next.moderation.patterns);
  const saved = await editRules({ version, settings: next }, db);
  return saved === version ? UNCHANGED : SAVED;
}

/** With the version that `show --json` told, where it still holds; without one, whatever holds. */
async function replace(db: Database, said: unknown): Promise<string> {
  const document =
    said !== null && typeof said === "object" && !Array.isArray(said) ? said : undefined;
  if (document === undefined) {
    throw new StartError({
      message: "The file holds no rules.",
      remedy: "Write a JSON object such as `parley arena show --json` does.",
    });
  }
  const { version, ...rules } = document as Record<string, unknown>;
  const settings = parseFlags(arenaSettingsSchema, rules);
  checkPatterns(settings.moderation.patterns);
  const before = await readVersionedRules(db);
  const at = version === undefined ? before.version : String(version ?? "") || null;
  const saved = await editRules({ version: at, settings }, db);
  return saved === before.version ? UNCHANGED : SAVED;
}

function readJson(file: string): unknown {
  let text: string;
  try {
    // 0 is the standard input.
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (cause) {
    const message = `${file} cannot be read.`;
    throw new StartError({
      message,
      remedy: "Name a file of JSON, or - for the standard input.",
      cause,
    });
  }
  if (text.length > BODY_BYTES_MAX) {
    const message = `${file} is longer than ${BODY_BYTES_MAX} characters.`;
    throw new StartError({ message, remedy: "Rules are shorter." });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StartError({ message: `${file} is no JSON.`, remedy: "Correct it.", cause });
  }
}

function toText(settings: ArenaSettings, isAll: boolean): string {
  const changes = compareRules(DEFAULT_ARENA_SETTINGS, settings);
  const changed = changes.map(({ rule, before, after }) =>
    plainLine(`${rule} = ${after ?? "(none)"}  (by default ${before ?? "none"})`),
  );
  if (!isAll) {
    return changed.length === 0 ? "All rules are as by default.\n" : `${changed.join("\n")}\n`;
  }
  // What stands in none of them, told against an object that holds nothing.
  const all = compareRules({} as ArenaSettings, settings);
  return all.map(({ rule, after }) => `${plainLine(`${rule} = ${after}`)}\n`).join("");
}

function toLines({
  changedAt,
  changes,
}: Awaited<ReturnType<typeof readRulesHistory>>[number]): string {
  const lines = changes.map(({ rule, before, after }) =>
    plainLine(`  ${rule}: ${before ?? "(none)"} → ${after ?? "(none)"}`),
  );
  return `${[changedAt, ...lines].join("\n")}\n`;
}

function toCells(rule: DrawRule): string[] {
  const { model, weight, boost, targets, targetShare, strictTargets } = rule;
  const marks = [rule.isOut && "out", rule.isAnonymousOnly && "anonymous only"].filter(Boolean);
  return [
    ...[model, String(weight), String(boost)],
    targets.length === 0 ? "-" : `${targets.join(", ")} (${Math.round(targetShare * 100)} %)`,
    strictTargets.join(", ") || "-",
    marks.join(", "),
  ];
}
