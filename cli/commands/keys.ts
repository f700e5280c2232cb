import type { Command } from "commander";
import type * as z from "zod";
import { createKey, findKey, listKeys, revokeKey, updateKey } from "@/lib/auth/key-store";
import { AppError } from "@/lib/errors";
import {
  type CreatedKey,
  createKeyBodySchema,
  type UpdateKeyBody,
  updateKeyBodySchema,
} from "@/lib/protocol/key-view";
import {
  addKeyOptions,
  changeLimits,
  expiryOf,
  type KeyOptions,
  namesLimits,
} from "../key-options";
import { keyLines, keyTable } from "../key-text";
import { withDatabase } from "../open-database";
import { plainIssue } from "../plain-issue";
import type { Terminal } from "../terminal";

type Json = { json?: true };

export function addKeysCommand(program: Command, terminal: Terminal): void {
  const keys = program
    .command("keys")
    .description("Keys of the API: who may call it, and how much of it.");
  addCreate(keys, terminal);
  addList(keys, terminal);
  addChanges(keys, terminal);
}

function addCreate(keys: Command, terminal: Terminal): void {
  const create = keys
    .command("create")
    .description("Make a key and print it, once. From the first one on the API needs one.")
    .requiredOption("--name <name>", "whose it is, for people");
  addKeyOptions(create)
    .option("--json", "one JSON object, with the key in `key`")
    .action(async (options: KeyOptions & Json) => {
      const body = read(createKeyBodySchema, {
        ...{ name: options.name, scopes: options.scope, models: options.model },
        ...{ expiresAt: expiryOf(options), limits: changeLimits({}, options) },
      });
      await withDatabase(terminal.root, async (db) => {
        const created = await createKey(db, body);
        const { total } = await listKeys(db);
        if (options.json) return terminal.write(`${JSON.stringify(created)}\n`);
        terminal.write(createdText(created, total === 1));
      });
    });
}

function addList(keys: Command, terminal: Terminal): void {
  keys
    .command("list")
    .description("List the keys, the newest first.")
    .option("--all", "those that were revoked, too")
    .option("--json", "one JSON object")
    .action(async (options: { all?: true } & Json) => {
      const { keys: listed, total } = await withDatabase(terminal.root, listKeys);
      const shown = options.all ? listed : listed.filter((it) => it.state !== "revoked");
      if (options.json) return terminal.write(`${JSON.stringify({ keys: shown, total })}\n`);
      terminal.write(keyTable(shown));
      if (total > shown.length)
        terminal.write(`${shown.length} of ${total} that were ever made.\n`);
    });
  keys
    .command("show")
    .description("Show one key and its limits.")
    .argument("<key>", "its id, or three or more letters of how it begins")
    .option("--json", "one JSON object")
    .action(async (word: string, options: Json) => {
      const view = await withDatabase(terminal.root, (db) => findKey(db, word));
      terminal.write(options.json ? `${JSON.stringify(view)}\n` : keyLines(view));
    });
}

function addChanges(keys: Command, terminal: Terminal): void {
  const update = keys
    .command("update")
    .description("Change what the flags name, and nothing else; `none` takes a limit away.")
    .argument("<key>", "its id, or three or more letters of how it begins")
    .option("--name <name>", "whose it is, for people");
  addKeyOptions(update)
    .option("--all-models", "let it use all models")
    .option("--json", "one JSON object")
    .action(async (word: string, options: KeyOptions & Json) => {
      const view = await withDatabase(terminal.root, async (db) => {
        const before = await findKey(db, word);
        const limits = namesLimits(options) ? changeLimits(before.limits, options) : undefined;
        return await updateKey(db, before.id, toChanges(options, limits));
      });
      terminal.write(options.json ? `${JSON.stringify(view)}\n` : keyLines(view));
    });
  keys
    .command("revoke")
    .description("End a key for good; every server refuses it within a second.")
    .argument("<key>", "its id, or three or more letters of how it begins")
    .option("--json", "one JSON object")
    .action(async (word: string, options: Json) => {
      const view = await withDatabase(terminal.root, (db) => revokeKey(db, word));
      const line = `The key ${view.prefix}… (${view.name}) is revoked.\n`;
      terminal.write(options.json ? `${JSON.stringify(view)}\n` : line);
    });
}

function toChanges(options: KeyOptions, limits: UpdateKeyBody["limits"]): UpdateKeyBody {
  if (options.allModels && options.model) {
    throw new AppError("invalid-request", {
      message: "--model and --all-models contradict each other. Give one of them.",
    });
  }
  const body = read(updateKeyBodySchema, {
    ...{ name: options.name, scopes: options.scope, limits, expiresAt: expiryOf(options) },
    models: options.allModels ? null : options.model,
  });
  if (Object.values(body).some((value) => value !== undefined)) return body;
  throw new AppError("invalid-request", {
    message: "Nothing was named to change. `npx parley keys update --help` lists the flags.",
  });
}

/** @throws AppError `invalid-request` that names what the flags could not check by themselves. */
function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new AppError("invalid-request", { message: plainIssue(parsed.error.issues[0]) });
}

function createdText({ key, view }: CreatedKey, isFirst: boolean): string {
  const lines = [
    `Key      ${key}`,
    "         It is shown this once and stored nowhere.",
    keyLines(view),
  ];
  if (isFirst) {
    lines.push("It is the first one: from now on the API answers nobody without a key.\n");
  }
  return lines.join("\n");
}
