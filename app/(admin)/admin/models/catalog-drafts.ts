import type { ModelDefaults } from "@/lib/protocol/catalog";
import type { AdminAlias, AdminModel, ModelBody } from "@/lib/protocol/catalog-view";
import type { DispatchPolicy } from "@/lib/protocol/dispatch";
import type { OperatorCard } from "@/lib/protocol/operator-card";
import type { Visibility } from "@/lib/protocol/visibility";
import { type LimitDraft, toLimitDraft, toLimits } from "../keys/key-draft";

/** What stands in the fields of the forms, all of it text as people type it. What is wrong the server says. */

export const DEFAULT_FIELDS = [
  { name: "temperature", label: "Temperature" },
  { name: "topP", label: "Top p" },
  { name: "topK", label: "Top k" },
  { name: "minP", label: "Min p" },
  { name: "maxTokens", label: "Most tokens of an answer" },
  { name: "repetitionPenalty", label: "Repetition penalty" },
  { name: "presencePenalty", label: "Presence penalty" },
  { name: "frequencyPenalty", label: "Frequency penalty" },
] as const satisfies readonly { name: keyof ModelDefaults; label: string }[];

/** Of the card, those that are a line of text. */
export const CARD_FIELDS = [
  { name: "organization", label: "Made by" },
  { name: "licence", label: "Licence" },
  { name: "link", label: "Link" },
] as const;

export type CardText = (typeof CARD_FIELDS)[number]["name"] | "summary" | "contextLength";

export type CardDraft = Record<CardText, string> & {
  /** Empty: as its worker says. */
  weights: "" | "open" | "closed";
};

export const PRICE_FIELDS = [
  { name: "prompt", label: "Prompt" },
  { name: "cachedPrompt", label: "Prompt, cached" },
  { name: "completion", label: "Answer" },
] as const;

type DefaultName = (typeof DEFAULT_FIELDS)[number]["name"];
type PriceName = (typeof PRICE_FIELDS)[number]["name"];

export type ModelDraft = {
  model: string;
  defaults: Partial<Record<DefaultName, string>>;
  price: Partial<Record<PriceName, string>>;
  limits: LimitDraft;
  /** One a line, in order. */
  fallbacks: string;
  /** Empty: by the default of this installation. */
  dispatch: DispatchPolicy | "";
  card: CardDraft;
  visibility: Visibility;
  /** Nothing is charged, whatever its worker says. */
  isFree: boolean;
};

export function toModelDraft(view: AdminModel): ModelDraft {
  const { model, defaults, price, limits, fallbacks, dispatch, card, visibility } = view;
  const isFree =
    price !== null && price.prompt + (price.cachedPrompt ?? 0) + price.completion === 0;
  return {
    ...{ model, visibility, isFree, card: toCardDraft(card) },
    defaults: toTexts(DEFAULT_FIELDS, defaults),
    price: isFree ? {} : toTexts(PRICE_FIELDS, price ?? {}),
    limits: toLimitDraft(limits),
    fallbacks: fallbacks.join("\n"),
    dispatch: dispatch ?? "",
  };
}

export function toModelBody(draft: ModelDraft) {
  const { model, defaults, limits, fallbacks, dispatch, card, visibility } = draft;
  return {
    ...{ model, visibility, card: toCard(card) },
    defaults: toNumbers(DEFAULT_FIELDS, defaults),
    price: toPrice(draft),
    limits: toLimits(limits),
    fallbacks: fallbacks.split(/[\n,]/).flatMap((line) => line.trim() || []),
    dispatch: dispatch === "" ? null : dispatch,
  } satisfies ModelBody;
}

function toCardDraft(card: OperatorCard): CardDraft {
  const { organization = "", licence = "", link = "", summary = "", hasOpenWeights } = card;
  const contextLength = card.contextLength === undefined ? "" : String(card.contextLength);
  const weights = hasOpenWeights === undefined ? "" : hasOpenWeights ? "open" : "closed";
  return { organization, licence, link, summary, contextLength, weights };
}

/** What stands empty is as the worker says. */
function toCard({ weights, contextLength, ...texts }: CardDraft): OperatorCard {
  const said = Object.entries(texts).flatMap(([name, text]) =>
    text.trim() === "" ? [] : [[name, text.trim()] as const],
  );
  return {
    ...Object.fromEntries(said),
    ...(weights !== "" && { hasOpenWeights: weights === "open" }),
    ...(contextLength.trim() !== "" && { contextLength: Number(contextLength) }),
  };
}

function toPrice({ isFree, price }: ModelDraft): ModelBody["price"] {
  if (isFree) return { prompt: 0, completion: 0 };
  const numbers = toNumbers(PRICE_FIELDS, price);
  // A price with a part left out is not whole; the server names what is missing.
  return Object.keys(numbers).length === 0 ? null : (numbers as ModelBody["price"]);
}

/** A row of an alias: `id` only tells one from another. */
export type Row = { id: number; model: string; amount: string };

export type AliasDraft = {
  name: string;
  /** `amount` is a weight. */
  targets: readonly Row[];
  /** `amount` is a share in percent. */
  mirrors: readonly Row[];
  rollsBack: boolean;
  /** Percent. */
  errorShareRise: string;
  requestsMin: string;
  windowSeconds: string;
};

export const EMPTY_ALIAS: AliasDraft = {
  ...{ name: "", targets: [{ id: 0, model: "", amount: "1" }], mirrors: [], rollsBack: false },
  ...{ errorShareRise: "10", requestsMin: "20", windowSeconds: "60" },
};

export function toAliasDraft({ name, targets, mirrors, rollbackOn }: AdminAlias): AliasDraft {
  return {
    ...EMPTY_ALIAS,
    name,
    targets: targets.map(({ model, weight }, id) => ({ id, model, amount: String(weight) })),
    mirrors: mirrors.map(({ model, share }, id) => ({ id, model, amount: toPercent(share) })),
    ...(rollbackOn && {
      rollsBack: true,
      errorShareRise: toPercent(rollbackOn.errorShareRise),
      requestsMin: String(rollbackOn.requestsMin),
      windowSeconds: String(rollbackOn.windowSeconds),
    }),
  };
}

export function toAliasBody(draft: AliasDraft) {
  return {
    name: draft.name.trim(),
    targets: draft.targets.map(({ model, amount }) => ({
      model: model.trim(),
      weight: Number(amount),
    })),
    mirrors: draft.mirrors.map(({ model, amount }) => ({
      model: model.trim(),
      share: Number(amount) / 100,
    })),
    ...(draft.rollsBack && {
      rollbackOn: {
        errorShareRise: Number(draft.errorShareRise) / 100,
        requestsMin: Number(draft.requestsMin),
        windowSeconds: Number(draft.windowSeconds),
      },
    }),
  };
}

/** Without the digits that halves of a percent have in binary. */
const toPercent = (share: number) => String(Number((share * 100).toFixed(6)));

type Named<Name extends string> = readonly { name: Name }[];

function toTexts<Name extends string>(
  fields: Named<Name>,
  values: Partial<Record<Name, number | undefined>>,
): Partial<Record<Name, string>> {
  const texts: Partial<Record<Name, string>> = {};
  for (const { name } of fields) {
    const value = values[name];
    if (value !== undefined) texts[name] = String(value);
  }
  return texts;
}

function toNumbers<Name extends string>(
  fields: Named<Name>,
  texts: Partial<Record<Name, string>>,
): Partial<Record<Name, number>> {
  const numbers: Partial<Record<Name, number>> = {};
  for (const { name } of fields) {
    const text = texts[name]?.trim() ?? "";
    if (text !== "") numbers[name] = Number(text);
  }
  return numbers;
}
