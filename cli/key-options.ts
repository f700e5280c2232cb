import { type Command, InvalidArgumentError } from "commander";
import {
  API_SCOPES,
  type ApiScope,
  type KeyLimits,
  type Limits,
  limitsSchema,
} from "@/lib/protocol/api-key";

/** The flags by which a person says what a key may do, and what their values mean. */

/** What a flag named; what it did not name is undefined, and `none` takes something away. */
export type KeyOptions = {
  name?: string;
  scope?: ApiScope[];
  model?: string[];
  allModels?: true;
  /** ISO 8601 or "never": commander takes a null for an empty text. */
  expires?: string;
  modelLimits?: ReadonlyMap<string, LimitChanges | "none">;
  /** Under the flag's name, as commander has it. */
  concurrent?: number | "none";
} & Omit<LimitChanges, "concurrentRequests">;

type LimitName = keyof Limits;
type LimitChanges = { [Name in LimitName]?: number | "none" };

const LIMIT_FLAGS: Record<LimitName, { flag: string; what: string }> = {
  requestsPerMinute: { flag: "requests-per-minute", what: "requests begun in a minute" },
  tokensPerMinute: { flag: "tokens-per-minute", what: "tokens of prompts and answers in a minute" },
  concurrentRequests: { flag: "concurrent", what: "requests under way at once" },
  tokensPerDay: { flag: "tokens-per-day", what: "tokens in a day (UTC)" },
  tokensPerMonth: { flag: "tokens-per-month", what: "tokens in a month" },
  dollarsPerDay: { flag: "dollars-per-day", what: "dollars in a day, by the prices of the models" },
  dollarsPerMonth: { flag: "dollars-per-month", what: "dollars in a month" },
};
// An object's own keys, which TypeScript takes for any text.
const LIMIT_NAMES = Object.keys(LIMIT_FLAGS) as LimitName[];

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 };

export function addKeyOptions(command: Command): Command {
  command
    .option(
      "--scope <names>",
      `what it may do, of ${API_SCOPES.join(", ")}; with commas or once for each`,
      readScopes,
    )
    .option("--model <name>", "a model or alias it may use, once for each; without any: all", more)
    .option("--expires <when>", "30d, 12h, 2027-01-01, a full time, or never", readExpiry);
  for (const name of LIMIT_NAMES) {
    const { flag, what } = LIMIT_FLAGS[name];
    command.option(`--${flag} <count>`, what, (text: string) => readLimit(name, text));
  }
  return command.option(
    "--model-limits <model:limits>",
    "limits at one model, as pico-l:requests-per-minute=5,concurrent=1; once for each",
    readModelLimits,
  );
}

/** The limits of a key after what the flags change of them. */
export function changeLimits(before: KeyLimits, options: KeyOptions): KeyLimits {
  const { models, ...own } = before;
  const changed = new Map(Object.entries(models ?? {}));
  for (const [model, changes] of options.modelLimits ?? []) {
    if (changes === "none") changed.delete(model);
    else changed.set(model, applyChanges(changed.get(model) ?? {}, changes));
  }
  const limits: KeyLimits = applyChanges(own, ownChanges(options));
  return changed.size > 0 ? { ...limits, models: Object.fromEntries(changed) } : limits;
}

/** Limits as flags spell them: "requests-per-minute=5, concurrent=1". */
export function limitWords(limits: Limits): string[] {
  return LIMIT_NAMES.filter((name) => limits[name] !== undefined).map(
    (name) => `${LIMIT_FLAGS[name].flag}=${limits[name]}`,
  );
}

/** The moment of `--expires` as a body has it: null for never, undefined where it was not named. */
export function expiryOf({ expires }: KeyOptions): string | null | undefined {
  return expires === "never" ? null : expires;
}

/** Whether a flag names a limit of the key itself or of it at a model. */
export function namesLimits(options: KeyOptions): boolean {
  const changes = ownChanges(options);
  return (
    options.modelLimits !== undefined || LIMIT_NAMES.some((name) => changes[name] !== undefined)
  );
}

function ownChanges({ concurrent, ...options }: KeyOptions): LimitChanges {
  return { ...options, ...(concurrent !== undefined && { concurrentRequests: concurrent }) };
}

function applyChanges(before: Limits, changes: LimitChanges): Limits {
  const after: Limits = { ...before };
  for (const name of LIMIT_NAMES) {
    const change = changes[name];
    if (change === "none") delete after[name];
    else if (change !== undefined) after[name] = change;
  }
  return after;
}

function more(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}

function readScopes(text: string, before: ApiScope[] | undefined): ApiScope[] {
  const named = text.split(",").map((word) => {
    const scope = API_SCOPES.find((it) => it === word.trim());
    if (scope !== undefined) return scope;
    throw new InvalidArgumentError(
      `There is no scope "${word.trim()}"; there are ${API_SCOPES.join(", ")}.`,
    );
  });
  return [...new Set([...(before ?? []), ...named])];
}

function readLimit(name: LimitName, text: string): number | "none" {
  if (text === "none") return "none";
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (limitsSchema.safeParse({ [name]: value }).success) return value;
  const kind = name.startsWith("dollars") ? "a number above 0" : "a whole number from 1";
  throw new InvalidArgumentError(`It is ${kind}, or none for no such limit.`);
}

function readModelLimits(
  text: string,
  before: KeyOptions["modelLimits"],
): NonNullable<KeyOptions["modelLimits"]> {
  // The last colon, since names of models may hold some.
  const colon = text.lastIndexOf(":");
  const model = text.slice(0, colon);
  if (colon < 1) throw new InvalidArgumentError("It begins with the model and a colon.");
  const words = text.slice(colon + 1);
  if (words === "none") return new Map([...(before ?? []), [model, "none"]]);
  const changes: LimitChanges = {};
  for (const word of words.split(",")) {
    const [flag = "", value = ""] = word.trim().split("=");
    const name = LIMIT_NAMES.find((it) => LIMIT_FLAGS[it].flag === flag);
    if (name === undefined) {
      const flags = LIMIT_NAMES.map((it) => LIMIT_FLAGS[it].flag).join(", ");
      throw new InvalidArgumentError(`There is no limit "${flag}"; there are ${flags}.`);
    }
    changes[name] = readLimit(name, value);
  }
  return new Map([...(before ?? []), [model, changes]]);
}

function readExpiry(text: string): string {
  if (text === "never") return text;
  const span = /^(\d{1,5})([mhdwy])$/.exec(text);
  // The expression has both groups, and of the units only these.
  const at = span
    ? Date.now() + Number(span[1]) * UNIT_MS[span[2] as keyof typeof UNIT_MS]
    : /^\d{4}-\d\d-\d\d/.test(text)
      ? Date.parse(text)
      : Number.NaN;
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError(
      "It is a span (30d, 12h), a day (2027-01-01), a time, or never.",
    );
  }
  if (at <= Date.now()) throw new InvalidArgumentError("It lies in the past.");
  return new Date(at).toISOString();
}
