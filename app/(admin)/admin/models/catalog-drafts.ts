import type { ModelDefaults } from "@/lib/protocol/catalog";
import type { AdminAlias, AdminModel, ModelSettingsBody } from "@/lib/protocol/catalog-view";
import type { DispatchPolicy } from "@/lib/protocol/dispatch";
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
};

export function toModelDraft(view: AdminModel): ModelDraft {
  const { model, defaults, price, limits, fallbacks, dispatch } = view;
  return {
    model,
    defaults: toTexts(DEFAULT_FIELDS, defaults),
    price: toTexts(PRICE_FIELDS, price ?? {}),
    limits: toLimitDraft(limits),
    fallbacks: fallbacks.join("\n"),
    dispatch: dispatch ?? "",
  };
}

export function toModelBody(draft: ModelDraft) {
  const { model, defaults, price, limits, fallbacks, dispatch } = draft;
  const numbers = toNumbers(PRICE_FIELDS, price);
  return {
    model,
    defaults: toNumbers(DEFAULT_FIELDS, defaults),
    // A price with a part left out is not whole; the server names what is missing.
    price: Object.keys(numbers).length === 0 ? null : (numbers as ModelSettingsBody["price"]),
    limits: toLimits(limits),
    fallbacks: fallbacks.split(/[\n,]/).flatMap((line) => line.trim() || []),
    dispatch: dispatch === "" ? null : dispatch,
  } satisfies ModelSettingsBody;
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
