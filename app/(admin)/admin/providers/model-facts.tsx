"use client";

import { formatCount } from "@/components/format";
import { UPSTREAM_CONTEXT_LENGTH_DEFAULT } from "@/lib/upstream-limits";
import { NumberField } from "../number-field";
import { CheckField } from "./check-field";
import type { FormPartProps } from "./external-form";

const FEATURES = [
  { name: "chat", label: "Chat" },
  { name: "tools", label: "Tools" },
  { name: "images", label: "Images" },
  { name: "reasoning", label: "Reasoning" },
  { name: "embeddings", label: "Embeddings" },
] as const;

const PRICES = [
  { name: "input", label: "Prompt" },
  { name: "output", label: "Answer" },
  { name: "cachedInput", label: "Cached prompt" },
] as const;

/** What it can do, what it holds, what it costs, and who may ask it. */
export function ModelFacts({ draft, problem, change }: FormPartProps) {
  const { features, prices } = draft;
  return (
    <>
      <fieldset>
        <legend className="text-sm font-medium">What it can do</legend>
        <div className="mt-1 flex flex-wrap gap-x-6">
          {FEATURES.map(({ name, label }) => (
            <CheckField
              key={name}
              label={label}
              isChecked={features.includes(name)}
              onChange={(isChecked) =>
                change({
                  features: FEATURES.map((it) => it.name).filter((it) =>
                    it === name ? isChecked : features.includes(it),
                  ),
                })
              }
            />
          ))}
        </div>
      </fieldset>
      <NumberField
        label="Context, in tokens"
        value={draft.contextLength}
        onChange={(contextLength) => change({ contextLength })}
        note={`Prompt and answer together. Empty: ${formatCount(UPSTREAM_CONTEXT_LENGTH_DEFAULT)} are assumed, and longer prompts refused.`}
        min="1"
        isCount
        at="entry.contextLength"
        problem={problem}
        className="sm:w-1/2 sm:pr-2"
      />
      <fieldset>
        <legend className="text-sm font-medium">Price</legend>
        <p className="text-sm text-ink-soft">Dollars a million tokens. Empty: nothing is told.</p>
        <div className="mt-2 grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-3">
          {PRICES.map(({ name, label }) => (
            <NumberField
              key={name}
              label={label}
              value={prices[name] ?? ""}
              onChange={(value) => change({ prices: { ...prices, [name]: value } })}
              min="0"
              at={`entry.prices.${name}`}
              problem={problem}
            />
          ))}
        </div>
      </fieldset>
      <CheckField
        label="For blind battles alone"
        note="It is drawn there and offered nowhere else."
        isChecked={draft.anonymousOnly}
        onChange={(anonymousOnly) => change({ anonymousOnly })}
      />
    </>
  );
}
