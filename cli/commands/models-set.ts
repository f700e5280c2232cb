import type { Command } from "commander";
import { readCatalog } from "@/lib/catalog/catalog";
import { FREE } from "@/lib/catalog/price-of";
import { setModel } from "@/lib/models/set-model";
import { LIMIT_NAMES } from "@/lib/protocol/api-key";
import { modelDefaultsSchema } from "@/lib/protocol/catalog";
import { modelBodySchema } from "@/lib/protocol/catalog-view";
import { DISPATCH_POLICIES, type DispatchPolicy } from "@/lib/protocol/dispatch";
import type { OperatorCard } from "@/lib/protocol/operator-card";
import { VISIBILITY_WORDS, type Visibility } from "@/lib/protocol/visibility";
import { StartError } from "@/lib/util/start-error";
import { withDatabase } from "../open-database";
import { parseFlags, toFlagNumber } from "../parse-flags";
import type { Terminal } from "../terminal";

/** `parley models set`: what is not named stays as it was. */

const toKebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
export const toSnake = (name: string) => toKebab(name).replaceAll("-", "_");

/** Of `--dispatch`: as PARLEY_DISPATCH_POLICY says. */
const AS_INSTALLED = "default";

/** Fields of a card by the word of their flag. */
const CARD_FLAGS = {
  organization: "organization",
  licence: "licence",
  "open-weights": "hasOpenWeights",
  summary: "summary",
  link: "link",
  "context-length": "contextLength",
} as const satisfies Record<string, keyof OperatorCard>;
const CARD_WORDS = [
  "organization",
  "licence",
  "open-weights",
  "summary",
  "link",
  "context-length",
] as const;
const UNSET_WORDS = ["price", ...CARD_WORDS] as const;

type SetFlags = {
  pricePrompt?: number;
  priceCachedPrompt?: number;
  priceCompletion?: number;
  free?: true;
  default: Record<string, number>;
  fallback: string[];
  dispatch?: string;
  clear?: true;
  organization?: string;
  licence?: string;
  openWeights?: boolean;
  summary?: string;
  link?: string;
  contextLength?: number;
  unset: string[];
  visibility?: string;
} & Partial<Record<(typeof LIMIT_NAMES)[number], number>>;

export function addModelsSetCommand(models: Command, terminal: Terminal): void {
  const set = models
    .command("set <name>")
    .description("Change what is said of a model; what is not named stays as it was.")
    .option(
      "--visibility <where>",
      `where it is met: ${VISIBILITY_WORDS.join(",")} or some of them; all, none, or anonymous: battles alone, named nowhere`,
    )
    .option("--organization <name>", "who made it, in place of what its worker says")
    .option("--licence <name>", "the same of its licence")
    .option("--open-weights", "anyone may have its weights")
    .option("--no-open-weights", "its makers keep them")
    .option("--summary <text>", "what it is, in a few sentences")
    .option("--link <url>", "where its makers tell of it")
    .option("--context-length <tokens>", "so much of its context is served", toFlagNumber)
    .option(
      "--unset <field>",
      `as its worker says again, once for each: ${UNSET_WORDS.join(", ")}`,
      collect,
      [],
    )
    .option("--price-prompt <dollars>", "a million prompt tokens", toFlagNumber)
    .option(
      "--price-cached-prompt <dollars>",
      "a million prompt tokens from the cache",
      toFlagNumber,
    )
    .option("--price-completion <dollars>", "a million tokens of answers", toFlagNumber)
    .option("--free", "nothing is charged, whatever its worker says")
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
    .option("--clear", "begin with nothing set but its visibility");
  for (const name of LIMIT_NAMES) {
    set.option(`--${toKebab(name)} <number>`, "of all callers together", toFlagNumber);
  }
  set.action(async (name: string, flags: SetFlags) => {
    await withDatabase(terminal.root, async (db) => {
      const { settings } = await readCatalog(db);
      const before = flags.clear ? undefined : settings.get(name);
      await setModel(parseFlags(modelBodySchema, toBody(name, flags, before)), db);
    });
    terminal.write(`Set. Every process of the platform knows within a second.\n`);
  });
}

type Before = {
  defaults: object;
  price: { prompt: number; cachedPrompt?: number | undefined; completion: number } | undefined;
  limits: object;
  fallbacks: readonly string[];
  dispatch?: DispatchPolicy | undefined;
  card?: OperatorCard | undefined;
};

function toBody(model: string, flags: SetFlags, before: Before | undefined) {
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
    card: toCard(flags, before?.card),
    ...(flags.visibility !== undefined && { visibility: toVisibility(flags.visibility) }),
  };
}

function toCard(flags: SetFlags, before: OperatorCard = {}): object {
  const { organization, licence, openWeights, summary, link, contextLength, unset } = flags;
  const said = { organization, licence, hasOpenWeights: openWeights, summary, link, contextLength };
  const unknown = unset.find((word) => !UNSET_WORDS.some((it) => it === word));
  if (unknown !== undefined) {
    throw new StartError({
      message: `--unset ${unknown} names nothing that can be as the worker says.`,
      remedy: `Write one of ${UNSET_WORDS.join(", ")}.`,
    });
  }
  const gone = CARD_WORDS.filter((word) => unset.includes(word)).map((it) => CARD_FLAGS[it]);
  const card = Object.entries({ ...before, ...dropUndefined(said) });
  return Object.fromEntries(card.filter(([field]) => !gone.some((it) => it === field)));
}

const dropUndefined = (said: object) =>
  Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));

function toPrice(flags: SetFlags, before: Before["price"]) {
  const { pricePrompt, priceCachedPrompt, priceCompletion } = flags;
  if (flags.free) return FREE;
  const own = flags.unset.includes("price") ? undefined : before;
  if ([pricePrompt, priceCachedPrompt, priceCompletion].every((it) => it === undefined)) {
    return own ?? null;
  }
  const cachedPrompt = priceCachedPrompt ?? own?.cachedPrompt;
  return {
    prompt: pricePrompt ?? own?.prompt,
    completion: priceCompletion ?? own?.completion,
    ...(cachedPrompt !== undefined && { cachedPrompt }),
  };
}

/** `arena,api`, `all`, `none` or `anonymous`. */
function toVisibility(text: string): Visibility {
  const words = text.split(",").map((it) => it.trim());
  const known = VISIBILITY_WORDS.filter((word) => words.includes(word));
  if (text === "anonymous") {
    return { arena: true, direct: false, api: false, isAnonymousOnly: true };
  }
  const isAll = text === "all";
  if (!isAll && text !== "none" && known.length !== words.length) {
    throw new StartError({
      message: `--visibility ${text} says nothing that is known.`,
      remedy: `Write ${VISIBILITY_WORDS.join(", ")}, with commas between, or all, none or anonymous alone.`,
    });
  }
  const has = (word: (typeof VISIBILITY_WORDS)[number]) => isAll || known.includes(word);
  return { arena: has("arena"), direct: has("direct"), api: has("api"), isAnonymousOnly: false };
}

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
