import type { Command } from "commander";
import { unsetModel } from "@/lib/catalog/edit-catalog";
import { listForKeepers } from "@/lib/models/list-for-keepers";
import { retireModel } from "@/lib/models/retire-model";
import { CLI_EXIT_CODES, CliError } from "../cli-error";
import { toModelTable, toModelText } from "../model-text";
import { withDatabase } from "../open-database";
import type { Terminal } from "../terminal";
import { addFolderCommands } from "./models-folders";
import { addModelsSetCommand } from "./models-set";
import { addTemplatesCommand } from "./models-templates";

export function addModelsCommand(program: Command, terminal: Terminal): void {
  const models = program
    .command("models")
    .description("What is said of models, their files, their templates.");
  models
    .command("list")
    .description("Every model that was ever offered or set: where it is met, what it costs.")
    .option("--json", "one JSON object")
    .action(async ({ json }: { json?: true }) => {
      const known = await withDatabase(terminal.root, (db) => listForKeepers({}, db));
      if (json) return terminal.write(`${JSON.stringify({ models: known.models })}\n`);
      terminal.write(known.models.length === 0 ? "No model.\n" : toModelTable(known.models));
    });
  models
    .command("show <name>")
    .description("All that is known of a model: its card, where it is met, who serves it.")
    .option("--json", "one JSON object")
    .action(async (name: string, { json }: { json?: true }) => {
      const { models: known, aliases } = await withDatabase(terminal.root, (db) =>
        listForKeepers({}, db),
      );
      const model = known.find((it) => it.model === name);
      if (model === undefined) throw unknown(name);
      const own = aliases.filter(({ targets }) => targets.some((it) => it.model === name));
      terminal.write(
        json ? `${JSON.stringify({ ...model, aliases: own })}\n` : toModelText(model, own),
      );
    });
  addModelsSetCommand(models, terminal);
  models
    .command("unset <name>")
    .description("Forget what was said of a model, who may ask for it included.")
    .action(async (name: string) => {
      await withDatabase(terminal.root, (db) => unsetModel(name, db));
      terminal.write(`Nothing is set for ${name} any more.\n`);
    });
  addFolderCommands(models, terminal);
  addTemplatesCommand(models, terminal);
  addRetirement(models, terminal, { word: "retire", isRetired: true });
  addRetirement(models, terminal, { word: "return", isRetired: false });
}

function unknown(name: string): CliError {
  return new CliError({
    message: `No worker has ever offered a model "${name}", and nothing is set for it.`,
    remedy: "`npx parley models list` names those there are.",
    exitCode: CLI_EXIT_CODES.nothing,
  });
}

const RETIREMENTS = {
  retire: "Draw a model for no battle any more; it keeps its votes and its place on the boards.",
  return: "Undo that.",
};

function addRetirement(
  models: Command,
  terminal: Terminal,
  { word, isRetired }: { word: keyof typeof RETIREMENTS; isRetired: boolean },
): void {
  models
    .command(`${word} <name>`)
    .description(RETIREMENTS[word])
    .option("--json", "one JSON object")
    .action(async (name: string, { json }: { json?: true }) => {
      const isChanged = await withDatabase(terminal.root, (db) =>
        retireModel({ model: name, isRetired }, db),
      );
      if (json) {
        return terminal.write(`${JSON.stringify({ model: name, isRetired, isChanged })}\n`);
      }
      const state = isRetired ? "is retired" : "is drawn for battles";
      terminal.write(
        isChanged
          ? `${name} ${state} from now on; its ledger says so.\n`
          : `Nothing was changed: ${name} ${state} already.\n`,
      );
    });
}
