import { isFree } from "@/lib/catalog/price-of";
import type { Price } from "@/lib/protocol/catalog";
import type { AdminAlias, AdminModel, ModelServer } from "@/lib/protocol/catalog-view";
import { mergeDescription, toContextLength } from "@/lib/protocol/operator-card";
import { formatVisibility } from "@/lib/protocol/visibility";
import { toSize } from "./progress-line";
import { plainLine, textTable } from "./text-table";

/** Models as a terminal shows them: a row each, or one of them with all that is known of it. */

const HEADS = ["MODEL", "WHERE", "WORKERS", "CONTEXT", "$ IN", "$ OUT", "LICENCE", "BY"];

export function toModelTable(models: readonly AdminModel[]): string {
  const rows = models.map((model) => {
    const { licence, organization } = describe(model);
    const { charged, servers, retiredAt, visibility } = model;
    const context = contextOf(model);
    return [
      model.model,
      `${formatVisibility(visibility)}${retiredAt === null ? "" : ", retired"}`,
      String(servers.length || "-"),
      context === undefined ? "-" : String(context),
      ...(charged ? [String(charged.prompt), String(charged.completion)] : ["-", "-"]),
      licence ?? "-",
      organization ?? "-",
    ];
  });
  return textTable([HEADS, ...rows]);
}

export function toModelText(model: AdminModel, aliases: readonly AdminAlias[]): string {
  const sections = [
    plainLine(model.model),
    toLines(toFacts(model, aliases)),
    model.servers.length === 0
      ? "  no worker serves it now"
      : `  workers\n${model.servers.map(toServer).join("\n")}`,
  ];
  return `${sections.filter(Boolean).join("\n")}\n`;
}

type Fact = readonly [string, string | undefined];

function toFacts(model: AdminModel, aliases: readonly AdminAlias[]): Fact[] {
  const { card, told, visibility, retiredAt, isHidden, defaults, limits, fallbacks } = model;
  const { organization, licence, hasOpenWeights, summary, link } = describe(model);
  const whose = (field: keyof typeof card) => (card[field] === undefined ? "" : " (operator)");
  const say = (text: string | undefined, field: keyof typeof card) =>
    text === undefined ? undefined : `${text}${whose(field)}`;
  const weights = hasOpenWeights === undefined ? undefined : hasOpenWeights ? "open" : "closed";
  const context = contextOf(model);
  const own = aliases.filter(({ targets }) => targets.some((it) => it.model === model.model));
  return [
    ["where", formatVisibility(visibility)],
    ["retired", retiredAt ?? undefined],
    ["hidden by", isHidden ? "an alias of its name, which answers in its place" : undefined],
    ["by", say(organization, "organization")],
    ["licence", say(licence, "licence")],
    ["weights", say(weights, "hasOpenWeights")],
    ["context", say(context === undefined ? undefined : `${context} tokens`, "contextLength")],
    ["link", say(link, "link")],
    ["summary", say(summary, "summary")],
    ["price", toPriceText(model.charged, model.price, told?.price ?? null)],
    ["aliases", own.map(({ name }) => name).join(", ") || undefined],
    ["defaults", toPairs(defaults)],
    ["limits", toPairs(limits)],
    ["fallback", fallbacks.join(", ") || undefined],
    ["dispatch", model.dispatch ?? undefined],
  ];
}

function describe({ card, told }: AdminModel) {
  return mergeDescription(told?.description ?? { skills: [], examplePrompts: [] }, card);
}

/** Undefined where nobody serves it, and where nobody said how much of it is served. */
function contextOf({ card, servers }: AdminModel): number | undefined {
  const held = servers.map(({ contextLength }) => contextLength);
  return held.length === 0 ? card.contextLength : toContextLength(Math.max(...held), card);
}

function toPriceText(charged: Price | null, said: Price | null, told: Price | null): string {
  const words = (price: Price) => {
    const cached = price.cachedPrompt === undefined ? "" : `, cached $${price.cachedPrompt}`;
    return `$${price.prompt} prompt${cached}, $${price.completion} completion`;
  };
  if (charged === null) return said && isFree(said) && told ? "free (operator)" : "free";
  if (said === null) return `${words(charged)} (as its worker says)`;
  return told === null ? words(charged) : `${words(charged)}; its worker says ${words(told)}`;
}

const toPairs = (values: object) =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${toSnakeName(name)}=${value}`)
    .join(" ") || undefined;

const toSnakeName = (name: string) =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function toServer({ name, host, kind, state, build, contextLength, ...rest }: ModelServer): string {
  const { features, fields, diskBytes } = rest;
  const disk = diskBytes === null ? "" : `, ${toSize(diskBytes)} on disk`;
  const lines = [
    `    ${plainLine(name)} (${kind}${host ? ` on ${plainLine(host)}` : ""}), ${state}, ${contextLength} tokens${disk}`,
    `      build    ${plainLine(build)}`,
    `      can      ${features.join(", ") || "-"}`,
    ...(fields ? [`      honours  ${fields.map(plainLine).join(", ") || "-"}`] : []),
  ];
  return lines.join("\n");
}

function toLines(facts: readonly Fact[]): string {
  return facts
    .flatMap(([term, fact]) =>
      fact === undefined ? [] : [`  ${term.padEnd(9)} ${plainLine(fact.replaceAll("\n", " "))}`],
    )
    .join("\n");
}
