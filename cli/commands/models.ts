import type { Command } from "commander";
import { readCatalog } from "@/lib/catalog/catalog";
import { setModel, unsetModel } from "@/lib/catalog/edit-catalog";
import { toAdminModels } from "@/lib/catalog/read-for-keepers";
import { listRetirements, retireModel } from "@/lib/models/retire-model";
import { LIMIT_NAMES } from "@/lib/protocol/api-key";
import { modelDefaultsSchema } from "@/lib/protocol/catalog";
import { type AdminModel, modelSettingsSchema } from "@/lib/protocol/catalog-view";
import { DISPATCH_POLICIES, type DispatchPolicy } from "@/lib/protocol/dispatch";
import { StartError } from "@/lib/util/start-error";
import { withDatabase } from "../open-database";
import { parseFlags, toFlagNumber } from "../parse-flags";
import type { Terminal } from "../terminal";
import { addFolderCommands } from "./models-folders";
import { addTemplatesCommand } from "./models-templates";

const toKebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Of `--dispatch`: as PARLEY_DISPATCH_POLICY says. */
const AS_INSTALLED = "default";

type SetFlags = {
  pricePrompt?: number;
  priceCachedPrompt?: number;
  priceCompletion?: number;
  free?: true;
  default: Record<string, number>;
  fallback: string[];
  dispatch?: string;
  clear?: true;
} & Partial<Record<(typeof LIMIT_NAMES)[number], number>>;

export function addModelsCommand(program: Command, terminal: Terminal): void {
  const models = program
    .command("models")
    .description("What is said of models, their files, their templates.");
  models
    .command("list")
    .description("Every model that was ever offered or set, with what is said of it.")
    .option("--json", "one JSON object")
    .action(async ({ json }: { json?: true }) => {
      const known = await withDatabase(terminal.root, async (db) => {
        const [catalog, offered] = await Promise.all([readCatalog(db), listRetirements(db)]);
        return toAdminModels(catalog, [], offered).models;
      });
      if (json) {
        // Whether it is awake is known to the running platform alone: `parley status`.
        const said = known.map(({ isAwake: _, ...model }) => model);
        terminal.write(`${JSON.stringify({ models: said })}\n`);
      } else {
        terminal.write(known.length === 0 ? "No model.\n" : known.map(toLines).join(""));
      }
    });
  const set = models
    .command("set <name>")
    .description("Change what is said of a model; what is not named stays as it was.")
    .option("--price-prompt <dollars>", "a million prompt tokens", toFlagNumber)
    .option(
      "--price-cached-prompt <dollars>",
      "a million prompt tokens from the cache",
      toFlagNumber,
    )
    .option("--price-completion <dollars>", "a million tokens of answers", toFlagNumber)
    .option("--free", "no price")
    .option(
      "--default <name=value>",
      `for requests that name none, again for each: ${Object.keys(modelDefaultsSchema.shape).map(toSnake).join(", ")}`,
      addDefault,
      {},
    )
    .option(
      "--fallback <model>",
      "stands in where it cannot answer, again for each, in order",
      collect,
      [],
    )
    .option(
      "--dispatch <policy>",
      `how its worker is chosen: ${DISPATCH_POLICIES.join(", ")}; or ${AS_INSTALLED}`,
    )
    .option("--clear", "begin with nothing set");
  for (const name of LIMIT_NAMES) {
    set.option(`--${toKebab(name)} <number>`, "of all callers together", toFlagNumber);
  }
  set.action(async (name: string, flags: SetFlags) => {
    await withDatabase(terminal.root, async (db) => {
      const { settings } = await readCatalog(db);
      const before = flags.clear ? undefined : settings.get(name);
      await setModel(parseFlags(modelSettingsSchema, toSettings(name, flags, before)), db);
    });
    terminal.write(`Set. Every process of the platform knows within a second.\n`);
  });
  models
    .command("unset <name>")
    .description("Forget what was said of a model.")
    .action(async (name: string) => {
      await withDatabase(terminal.root, (db) => unsetModel(name, db));
      terminal.write(`Nothing is set for ${name} any more.\n`);
    });
  addFolderCommands(models, terminal);
  addTemplatesCommand(models, terminal);
  addRetirement(models, terminal, { word: "retire", isRetired: true });
  addRetirement(models, terminal, { word: "return", isRetired: false });
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

type Before = {
  defaults: object;
  price: { prompt: number; cachedPrompt?: number | undefined; completion: number } | undefined;
  limits: object;
  fallbacks: readonly string[];
  dispatch?: DispatchPolicy | undefined;
};

function toSettings(model: string, flags: SetFlags, before: Before | undefined) {
  const limits = LIMIT_NAMES.flatMap((name) =>
    flags[name] === undefined ? [] : [[name, flags[name]] as const],
  );
  return {
    model,
    defaults: { ...before?.defaults, ...flags.default },
    price: toPrice(flags, before?.price),
    limits: { ...before?.limits, ...Object.fromEntries(limits) },
    fallbacks: flags.fallback.length > 0 ? flags.fallback : [...(before?.fallbacks ?? [])],
    dispatch: flags.dispatch === AS_INSTALLED ? null : (flags.dispatch ?? before?.dispatch ?? null),
  };
}

function toPrice(flags: SetFlags, before: Before["price"]) {
  const { pricePrompt, priceCachedPrompt, priceCompletion } = flags;
  if (flags.free) return null;
  if ([pricePrompt, priceCachedPrompt, priceCompletion].every((it) => it === undefined)) {
    return before ?? null;
  }
  const cachedPrompt = priceCachedPrompt ?? before?.cachedPrompt;
  return {
    prompt: pricePrompt ?? before?.prompt,
    completion: priceCompletion ?? before?.completion,
    ...(cachedPrompt !== undefined && { cachedPrompt }),
  };
}

const toSnake = (name: string) => toKebab(name).replaceAll("-", "_");

/** `temperature=0.3`, by the API's name or ours. */
function addDefault(word: string, before: Record<string, number>): Record<string, number> {
  const [said = "", value] = word.split("=");
  const names = Object.keys(modelDefaultsSchema.shape);
  const name = names.find((it) => it === said || toSnake(it) === said);
  if (name === undefined || value === undefined) {
    throw new StartError({
      message: `--default ${word} names no parameter and value.`,
      remedy: `Write name=value, with one of ${names.map(toSnake).join(", ")}.`,
    });
  }
  return { ...before, [name]: toFlagNumber(value) };
}

const collect = (word: string, before: string[]) => [...before, word];

function toLines({
  model,
  isSet,
  price,
  defaults,
  limits,
  fallbacks,
  dispatch,
  isHidden,
  retiredAt,
}: AdminModel): string {
  const lines = [model];
  if (isHidden) lines.push("  an alias of this name answers in its place");
  if (price) {
    const cached = price.cachedPrompt === undefined ? "" : `, cached $${price.cachedPrompt}`;
    lines.push(`  price     $${price.prompt} prompt${cached}, $${price.completion} completion`);
  }
  const say = (values: object) =>
    Object.entries(values)
      .map(([name, value]) => `${toSnake(name)}=${value}`)
      .join(" ");
  if (Object.keys(defaults).length > 0) lines.push(`  defaults  ${say(defaults)}`);
  if (Object.keys(limits).length > 0) lines.push(`  limits    ${say(limits)}`);
  if (fallbacks.length > 0) lines.push(`  fallback  ${fallbacks.join(", ")}`);
  if (dispatch) lines.push(`  dispatch  ${dispatch}`);
  if (retiredAt) lines.push(`  retired   ${retiredAt}`);
  if (!isSet) lines.push("  nothing set");
  return `${lines.join("\n")}\n`;
}
