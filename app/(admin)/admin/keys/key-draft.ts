import { API_SCOPES, type ApiScope, type KeyLimits, type Limits } from "@/lib/protocol/api-key";
import type { CreateKeyBody, KeyView } from "@/lib/protocol/key-view";
import { LIMIT_FIELDS } from "./limit-words";

/** What stands in the fields of the form, all of it text as people type it. */
export type LimitDraft = Partial<Record<keyof Limits, string>>;
export type KeyDraft = {
  name: string;
  scopes: readonly ApiScope[];
  /** One a line; empty for all. */
  models: string;
  /** As a date field has it; empty for never. */
  expiresOn: string;
  limits: LimitDraft;
  /** `id` only tells one group of fields from another. */
  atModels: readonly { id: number; model: string; limits: LimitDraft }[];
};

export const EMPTY_DRAFT: KeyDraft = {
  ...{ name: "", scopes: API_SCOPES, models: "", expiresOn: "" },
  ...{ limits: {}, atModels: [] },
};

export function toDraft(view: KeyView): KeyDraft {
  const { models = {}, ...own } = view.limits;
  return {
    ...{ name: view.name, scopes: view.scopes, models: view.models?.join("\n") ?? "" },
    expiresOn: view.expiresAt === null ? "" : toDay(new Date(view.expiresAt)),
    limits: toLimitDraft(own),
    atModels: Object.entries(models).map(([model, limits], id) => ({
      ...{ id, model },
      limits: toLimitDraft(limits),
    })),
  };
}

/**
 * What the form says as the API takes it; what is wrong with it the server says. An expiry that was not
 * touched stays as it was, since a date field knows no time of day.
 */
export function toBody(draft: KeyDraft, before?: KeyView): CreateKeyBody {
  const models = draft.models.split(/[\n,]/).flatMap((line) => line.trim() || []);
  const atModels = draft.atModels.filter((it) => it.model.trim() !== "");
  const limits: KeyLimits = toLimits(draft.limits);
  if (atModels.length > 0) {
    limits.models = Object.fromEntries(
      atModels.map((it) => [it.model.trim(), toLimits(it.limits)]),
    );
  }
  const isSameDay = before !== undefined && toDraft(before).expiresOn === draft.expiresOn;
  return {
    ...{ name: draft.name, scopes: [...draft.scopes], limits },
    models: models.length > 0 ? models : null,
    expiresAt: isSameDay ? before.expiresAt : toEndOfDay(draft.expiresOn),
  };
}

export function toLimitDraft(limits: Limits): LimitDraft {
  return Object.fromEntries(
    LIMIT_FIELDS.flatMap(({ name }) =>
      limits[name] === undefined ? [] : [[name, String(limits[name])]],
    ),
  );
}

export function toLimits(draft: LimitDraft): Limits {
  return Object.fromEntries(
    LIMIT_FIELDS.flatMap(({ name }) => {
      const text = draft[name]?.trim() ?? "";
      return text === "" ? [] : [[name, Number(text)]];
    }),
  );
}

/** 2026-11-21 where the reader is. */
function toDay(date: Date): string {
  const two = (value: number) => value.toString().padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** A key that ends on a day works on that day, where the reader is. */
function toEndOfDay(day: string): string | null {
  return day === "" ? null : new Date(`${day}T23:59:59`).toISOString();
}
