import type { Command } from "commander";
import { AppError } from "@/lib/errors";
import type { Credentials } from "@/lib/protocol/model-entry";
import {
  createProviderKeyBodySchema,
  updateProviderKeyBodySchema,
} from "@/lib/protocol/provider-key";
import { PROVIDER_NAMES, type ProviderName } from "@/lib/protocol/provider-table";
import type { ProviderKeyView } from "@/lib/protocol/providers-view";
import { resealKeys } from "@/lib/providers/reseal-keys";
import { changeProviderKey, createProviderKey, deleteProviderKey } from "@/lib/providers/store";
import { withDatabase } from "../../open-database";
import { parseFlags } from "../../parse-flags";
import { askHidden, readPiped } from "../../read-secret";
import { getCookieSecret } from "../../running";
import type { Terminal } from "../../terminal";
import { plainLine, textTable, toMinute } from "../../text-table";
import { readCredentials } from "./read-credentials";
import { readView } from "./read-view";

type Json = { json?: true };
type FromEnv = { fromEnv: string[] };

const JSON_FLAG = ["--json", "one JSON object"] as const;
const collect = (word: string, before: string[]) => [...before, word];

export function addProviderKeys(providers: Command, terminal: Terminal): void {
  const keys = providers
    .command("keys")
    .description("Keys of providers: encrypted before they are kept, and shown to nobody again.");
  addAdd(keys, terminal);
  addReplace(keys, terminal);
  addList(keys, terminal);
  addRemove(keys, terminal);
  addReseal(keys, terminal);
}

const FROM_ENV = [
  "--from-env <variable>",
  "take it from this variable; for several parts each as accessKeyId=AWS_ACCESS_KEY_ID",
] as const;

function addAdd(keys: Command, terminal: Terminal): void {
  keys
    .command("add")
    .description("Keep a key. It is typed unseen, piped in, or read from a variable.")
    .argument("<name>", "by which you tell it from others")
    .requiredOption("--provider <provider>", PROVIDER_NAMES.join(", "))
    .option(...FROM_ENV, collect, [])
    .option(...JSON_FLAG)
    .action(async (name: string, options: { provider: string } & FromEnv & Json) => {
      const provider = parseFlags(createProviderKeyBodySchema.shape.provider, options.provider);
      const credentials = await readCredentials(terminal, provider, options.fromEnv);
      const body = parseFlags(createProviderKeyBodySchema, { name, provider, credentials });
      const secret = getCookieSecret(terminal.root);
      const { id } = await withDatabase(terminal.root, (db) => createProviderKey(db, body, secret));
      tell(terminal, options, { id, name, provider }, `The key ${name} is kept, encrypted.`);
    });
}

function addReplace(keys: Command, terminal: Terminal): void {
  keys
    .command("replace")
    .description("Put another key in its place; the one before is gone.")
    .argument("<key>", "its name or id")
    .option(...FROM_ENV, collect, [])
    .option(...JSON_FLAG)
    .action(async (word: string, options: FromEnv & Json) => {
      const secret = getCookieSecret(terminal.root);
      const { id, name, provider } = await getKey(terminal, word, secret);
      const credentials: Credentials = await readCredentials(terminal, provider, options.fromEnv);
      const changes = parseFlags(updateProviderKeyBodySchema, { credentials });
      await withDatabase(terminal.root, (db) => changeProviderKey(db, id, { changes, secret }));
      const line = `The key ${name} is replaced. Its models use the new one within seconds.`;
      tell(terminal, options, { id, name, provider }, line);
    });
}

/** Before anybody is asked to type. */
async function getKey(
  terminal: Terminal,
  word: string,
  secret: string,
): Promise<{ id: string; name: string; provider: ProviderName }> {
  const { keys } = await withDatabase(terminal.root, (db) => readView(db, secret));
  const key = keys.find(({ id, name }) => name === word || id === word);
  if (key !== undefined) return key;
  throw new AppError("not-found", {
    message: `There is no key of a provider \`${word}\`. \`npx parley providers keys list\` shows them.`,
  });
}

function addList(keys: Command, terminal: Terminal): void {
  keys
    .command("list")
    .description(
      "List the keys by name, provider and the models that use them; nothing of a key itself.",
    )
    .option(...JSON_FLAG)
    .action(async ({ json }: Json) => {
      const secret = getCookieSecret(terminal.root);
      const { keys: listed } = await withDatabase(terminal.root, (db) => readView(db, secret));
      terminal.write(json ? `${JSON.stringify({ keys: listed })}\n` : toTable(listed));
    });
}

function toTable(keys: readonly ProviderKeyView[]): string {
  if (keys.length === 0) {
    return "There is no key of a provider. `npx parley providers keys add <name> --provider <provider>` keeps one.\n";
  }
  const rows = keys.map(({ name, provider, opens, updatedAt, models }) => [
    ...[name, provider, `entered ${toMinute(updatedAt)}`],
    models.length === 0 ? "no model" : models.join(", "),
    opens ? "" : "cannot be opened; enter it again",
  ]);
  return textTable(rows);
}

function addRemove(keys: Command, terminal: Terminal): void {
  keys
    .command("remove")
    .description("Delete a key for good; refused while a model uses it.")
    .argument("<key>", "its name or id")
    .option(...JSON_FLAG)
    .action(async (word: string, options: Json) => {
      const { id, name, provider } = await withDatabase(terminal.root, (db) =>
        deleteProviderKey(db, word),
      );
      tell(terminal, options, { id, name, provider }, `The key ${name} is deleted.`);
    });
}

function addReseal(keys: Command, terminal: Terminal): void {
  keys
    .command("reseal")
    .description(
      "After PARLEY_SECRET was changed: encrypt anew what was encrypted under the secret before, which is typed unseen, piped in, or read from a variable.",
    )
    .option("--from-env <variable>", "take the secret before from this variable")
    .option(...JSON_FLAG)
    .action(async (options: { fromEnv?: string } & Json) => {
      const secret = getCookieSecret(terminal.root);
      const before = await readPrevious(terminal, options.fromEnv);
      const { resealed, locked } = await withDatabase(terminal.root, (db) =>
        resealKeys(db, { before, secret }),
      );
      const lines = [
        `${resealed.length} ${resealed.length === 1 ? "key is" : "keys are"} encrypted under the new secret.`,
        ...(locked.length === 0
          ? []
          : [`Not opened by either secret, to be entered again: ${locked.join(", ")}.`]),
      ];
      tell(terminal, options, { resealed, locked }, lines.join("\n"));
    });
}

async function readPrevious(terminal: Terminal, variable: string | undefined): Promise<string> {
  const words = variable === undefined ? [] : [variable];
  if (words.length > 0 || terminal.streams === undefined) {
    const { key = "" } = await readCredentials(terminal, "openai", words);
    return key;
  }
  const { streams } = terminal;
  return streams.input.isTTY
    ? await askHidden("The secret before, unseen: ", streams)
    : await readPiped(streams.input);
}

function tell(terminal: Terminal, { json }: Json, said: object, lines: string): void {
  terminal.write(
    json ? `${JSON.stringify(said)}\n` : `${lines.split("\n").map(plainLine).join("\n")}\n`,
  );
}
