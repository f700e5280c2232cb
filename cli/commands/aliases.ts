import type { Command } from "commander";
import { readCatalog } from "@/lib/catalog/catalog";
import { removeAlias, setAlias } from "@/lib/catalog/edit-catalog";
import { toAdminAliases } from "@/lib/catalog/read-for-keepers";
import { readModels } from "@/lib/controller/store";
import { aliasSchema, type ModelAlias } from "@/lib/protocol/catalog";
import type { AdminAlias } from "@/lib/protocol/catalog-view";
import { withDatabase } from "../open-database";
import { parseFlags, toFlagNumber } from "../parse-flags";
import type { Terminal } from "../terminal";

type SetFlags = {
  mirror: string[];
  rollback?: true;
  errorShareRise?: number;
  requestsMin?: number;
  windowSeconds?: number;
};

export function addAliasesCommand(program: Command, terminal: Terminal): void {
  const aliases = program.command("aliases").description("Names that stand for models.");
  aliases
    .command("list")
    .description("Every alias, with targets that were taken out.")
    .option("--json", "one JSON object")
    .action(async ({ json }: { json?: true }) => {
      const all = await withDatabase(terminal.root, async (db) => {
        return toAdminAliases(await readCatalog(db));
      });
      if (json) terminal.write(`${JSON.stringify({ aliases: all })}\n`);
      else terminal.write(all.length === 0 ? "No alias.\n" : all.map(toLines).join(""));
    });
  aliases
    .command("set <name> <model[=weight]...>")
    .description("Write an alias anew. A target that was rolled back comes in again.")
    .option("--mirror <model=share>", "gets a copy of this share of requests, 0 to 1", collect, [])
    .option("--rollback", "take a target out that fails more than the others")
    .option("--error-share-rise <share>", "more by this share of its requests: 0.1", toFlagNumber)
    .option("--requests-min <count>", "of at least so many requests: 20", toFlagNumber)
    .option("--window-seconds <seconds>", "of the last so many seconds: 60", toFlagNumber)
    .action(async (name: string, targets: string[], flags: SetFlags) => {
      const { mirror, rollback, ...rule } = flags;
      const alias = parseFlags(aliasSchema, {
        name,
        targets: targets.map((word) => {
          const { model, number } = splitWord(word);
          return number === undefined ? { model } : { model, weight: number };
        }),
        mirrors: mirror.map((word) => {
          const { model, number } = splitWord(word);
          return { model, share: number };
        }),
        ...((rollback || Object.keys(rule).length > 0) && { rollbackOn: rule }),
      });
      const known = await withDatabase(terminal.root, async (db) => {
        await setAlias(alias, db);
        const [models, { aliases }] = await Promise.all([readModels(db), readCatalog(db)]);
        return { models: models.map((it) => it.name), aliases: [...aliases.keys()] };
      });
      terminal.write("Set. Every process of the platform knows within a second.\n");
      for (const line of warningsOf(alias, known)) terminal.writeError(`${line}\n`);
    });
  aliases
    .command("remove <name>")
    .description("Forget an alias; a model of its name is seen again.")
    .action(async (name: string) => {
      await withDatabase(terminal.root, (db) => removeAlias(name, db));
      terminal.write(`${name} is no alias any more.\n`);
    });
}

/** What is allowed and seldom meant. A target may come later than its alias, so that neither is refused. */
function warningsOf(
  { name, targets, mirrors }: ModelAlias,
  { models, aliases }: { models: readonly string[]; aliases: readonly string[] },
): string[] {
  const known = new Set([...models, ...aliases]);
  const asked = new Set([...targets, ...mirrors].map(({ model }) => model));
  const unknown = [...asked].filter((model) => !known.has(model));
  return [
    ...(models.includes(name)
      ? [
          `Careful: ${name} is a model, too. The alias hides it: every request for it goes to the targets.`,
        ]
      : []),
    ...unknown.map(
      (model) =>
        `Careful: no worker ever offered ${model}. What goes there fails or goes to another until one does.`,
    ),
  ];
}

const collect = (word: string, before: string[]) => [...before, word];

/** `model=0.5`; a model's own name may hold a `=`, so the last one counts. */
function splitWord(word: string): { model: string; number: number | undefined } {
  const at = word.lastIndexOf("=");
  if (at < 0) return { model: word, number: undefined };
  return { model: word.slice(0, at), number: toFlagNumber(word.slice(at + 1)) };
}

function toLines({ name, targets, mirrors, rollbackOn, rollback }: AdminAlias): string {
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  const lines = [name];
  for (const { model, weight } of targets) {
    const isOut = rollback?.model === model;
    const share = isOut ? "taken out" : `${Math.round((weight / total) * 100)} %`;
    lines.push(`  ${model}  weight ${weight} (${share})`);
  }
  for (const { model, share } of mirrors) lines.push(`  mirror ${model}  ${share * 100} %`);
  if (rollbackOn) {
    const { errorShareRise, requestsMin, windowSeconds } = rollbackOn;
    lines.push(
      `  rollback at ${errorShareRise * 100} % more failures, of ${requestsMin} requests in ${windowSeconds} s`,
    );
  }
  if (rollback) lines.push(`  ${new Date(rollback.atMs).toISOString()}  ${rollback.reason}`);
  return `${lines.join("\n")}\n`;
}
