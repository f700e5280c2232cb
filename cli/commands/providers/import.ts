import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { readModelsEntries } from "@/lib/models-file/read-models-file";
import { CLI_EXIT_CODES, CliError } from "../../cli-error";
import { withDatabase } from "../../open-database";
import { getCookieSecret } from "../../running";
import type { Terminal } from "../../terminal";
import { plainLine } from "../../text-table";
import { type Imported, importModels } from "./import-models";

type Options = { replace?: true; json?: true };

export function addProvidersImport(providers: Command, terminal: Terminal): void {
  providers
    .command("import")
    .description(
      "Take over the models of a models.yaml, or of FastChat's file of API endpoints. Keys that stand in the file are encrypted and kept; names of variables stay names.",
    )
    .argument("<file>", "it is read, and not changed")
    .option("--replace", "models that are there already are written anew, with the file's keys")
    .option("--json", "one JSON object")
    .action(async (file: string, options: Options) => {
      const path = resolve(file);
      const reading = readModelsEntries({ path });
      const secret = getCookieSecret(terminal.root);
      const imported = await withDatabase(terminal.root, (db) =>
        importModels(db, {
          ...{ reading, secret, file: basename(path), isReplacing: options.replace === true },
        }),
      );
      terminal.write(options.json ? `${JSON.stringify(imported)}\n` : toText(imported, file));
      const { refused } = imported;
      if (refused.length === 0) return;
      throw new CliError({
        message: `${refused.length} ${refused.length === 1 ? "entry was" : "entries were"} not imported.`,
        remedy: "Correct the file and import it again.",
        exitCode: CLI_EXIT_CODES.nothing,
      });
    });
}

function toText({ models, kept, refused, warnings, keys }: Imported, file: string): string {
  const lines = [
    ...models.map(({ name, provider, key }) =>
      key === null
        ? `imported  ${name} (${provider})`
        : `imported  ${name} (${provider}), its key moved to "${key}"`,
    ),
    ...kept.map((name) => `kept      ${name} is there already; --replace writes it anew`),
    ...refused.map(({ line, message }) => `refused   line ${line}: ${message}`),
    ...warnings.map((warning) => `warning   ${warning}`),
    ...(keys.length === 0
      ? []
      : [
          `warning   ${file} still holds the keys, readable for whoever reads it. Delete it, or empty its keys.`,
        ]),
  ];
  return `${lines.map(plainLine).join("\n")}\n`;
}
