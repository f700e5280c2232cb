"use client";

import Link from "next/link";
import {
  formatCount,
  formatLicence,
  formatParameters,
  formatRate,
  formatSeconds,
} from "@/components/format";
import { paths } from "@/lib/paths";
import type { ModelView } from "@/lib/protocol/arena-view";
import type { TurnAnswer } from "@/lib/protocol/conversation-view";
import { useModelList } from "./use-model-list";

export type AnswerDetailsProps = { answer: TurnAnswer };

/** The model's card in short, and how this answer was made. */
export function AnswerDetails({ answer }: AnswerDetailsProps) {
  const card = useModelList()?.find((it) => it.name === answer.model);
  const facts = [...toModelFacts(answer.model, card), ...toAnswerFacts(answer)];
  return (
    <dl className="numeric mt-2 grid max-w-[60ch] grid-cols-[auto_1fr] gap-x-6 gap-y-1 border-l-2 border-line pl-4 text-sm">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-soft">{name}</dt>
          <dd className="min-w-0 wrap-anywhere">
            {name === "Model" ? (
              <Link
                href={paths.models}
                prefetch={false}
                className="font-mono underline decoration-line-strong underline-offset-3"
              >
                {value}
              </Link>
            ) : (
              value
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

type Fact = readonly [name: string, value: string];

function toModelFacts(name: string | null, card: ModelView | undefined): Fact[] {
  const facts: Fact[] = name === null ? [] : [["Model", name]];
  if (!card) return facts;
  const { licence, parameters } = card.description;
  if (licence) facts.push(["Licence", formatLicence(licence)]);
  if (parameters) facts.push(["Parameters", formatParameters(parameters)]);
  if (card.contextLength) facts.push(["Context", `${formatCount(card.contextLength)} tokens`]);
  return facts;
}

function toAnswerFacts({ stats }: TurnAnswer): Fact[] {
  if (!stats) return [];
  const facts: Fact[] = [
    ["Read", `${formatCount(stats.promptTokens)} tokens`],
    ["Written", `${formatCount(stats.completionTokens)} tokens`],
    ["First token after", formatSeconds(stats.firstTokenMs)],
    ["All of it after", formatSeconds(stats.durationMs)],
  ];
  if (stats.tokensPerSecond !== null) {
    facts.push(["Speed", `${formatRate(stats.tokensPerSecond)} tokens/s`]);
  }
  facts.push(["Temperature", `${stats.temperature}`], ["Top-p", `${stats.topP}`]);
  if (stats.seed !== null) facts.push(["Seed", `${stats.seed}`]);
  return facts;
}
