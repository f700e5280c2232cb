"use client";

import type { RequestError } from "@/components/request-json";
import type { Price } from "@/lib/protocol/catalog";
import { type ModelDraft, PRICE_FIELDS } from "./catalog-drafts";
import { NumberFields } from "./number-fields";

type PriceDraft = Pick<ModelDraft, "price" | "isFree">;

export type PriceFieldsProps = PriceDraft & {
  /** What its worker says. */
  told: Price | null;
  problem: RequestError | null;
  onChange: (changed: Partial<PriceDraft>) => void;
};

export function PriceFields({ told, price, isFree, problem, onChange }: PriceFieldsProps) {
  const note =
    told === null
      ? "Dollars a million tokens. Empty: nothing is charged, unless its worker names a price."
      : "Dollars a million tokens. Empty: as its worker says.";
  const cached = told?.cachedPrompt === undefined ? {} : { cachedPrompt: `${told.cachedPrompt}` };
  const placeholders = told
    ? { prompt: `${told.prompt}`, completion: `${told.completion}`, ...cached }
    : {};
  return (
    <div>
      <NumberFields
        legend="Price"
        note={note}
        place="price"
        fields={PRICE_FIELDS}
        texts={isFree ? {} : price}
        placeholders={isFree ? {} : placeholders}
        isDisabled={isFree}
        problem={problem}
        onChange={(texts) => onChange({ price: texts })}
      />
      <label className="mt-2 flex items-baseline gap-3 py-1 text-sm pointer-coarse:py-3">
        <input
          type="checkbox"
          checked={isFree}
          onChange={(event) => onChange({ isFree: event.target.checked })}
          className="size-4 translate-y-0.5 accent-accent"
        />
        Free, whatever its worker says
      </label>
    </div>
  );
}
