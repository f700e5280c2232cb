import { ArrowRight } from "lucide-react";
import Link from "next/link";
import { canChat } from "@/components/can-chat";
import { toFeatureWords } from "@/components/feature-words";
import { countOf, formatCount, formatLicence, formatParameters } from "@/components/format";
import { toReachWords } from "@/components/reach-words";
import { buttonClass } from "@/components/ui/button";
import { paths } from "@/lib/paths";
import type { ModelView } from "@/lib/protocol/arena-view";
import { toModelSlug } from "@/lib/protocol/model-slug";
import { SkillBars } from "./skill-bars";

const EXAMPLES_SHOWN = 6;

function chatWith(model: string, prompt?: string): string {
  return `${paths.chat}?${new URLSearchParams({ model, ...(prompt && { prompt }) })}`;
}

export function ModelEntry({ model }: { model: ModelView }) {
  const { name, awake, description } = model;
  const facts = toFacts(model);
  const reach = toReachWords(model);
  const examples = description.examplePrompts.slice(0, EXAMPLES_SHOWN);
  return (
    <article
      aria-labelledby={`model-${name}`}
      className="grid gap-x-16 gap-y-8 border-t border-line py-12 lg:grid-cols-[240px_minmax(0,1fr)]"
    >
      <div>
        <h2 id={`model-${name}`} className="font-mono text-lg font-medium wrap-anywhere">
          <Link
            href={paths.model(toModelSlug(name))}
            prefetch={false}
            className="underline-offset-4 hover:underline"
          >
            {name}
          </Link>
        </h2>
        <p className="mt-1 flex items-center gap-2 text-sm text-ink-soft">
          <span
            aria-hidden="true"
            className={`size-2 rounded-full ${awake ? "bg-accent" : "border border-line-strong"}`}
          />
          {awake ? `Awake on ${countOf(model.workers, "worker")}` : "Asleep: no worker brings it"}
        </p>
        {model.isRetired && (
          <p className="mt-1 text-sm text-ink-soft">Retired: drawn for no battle any more</p>
        )}
        {reach !== null && <p className="mt-1 text-sm text-ink-soft">{reach}</p>}
        <dl className="mt-6 space-y-2 text-sm">
          {facts.map(([term, fact]) => (
            <div key={term} className="flex justify-between gap-4">
              <dt className="text-ink-soft">{term}</dt>
              <dd className="numeric text-right">{fact}</dd>
            </div>
          ))}
        </dl>
        <p className="mt-6 flex flex-wrap items-center gap-2">
          {canChat(model) && (
            <Link href={chatWith(name)} prefetch={false} className={buttonClass()}>
              Chat with it
            </Link>
          )}
          <Link
            href={paths.model(toModelSlug(name))}
            prefetch={false}
            aria-label={`Ratings and past of ${name}`}
            className={buttonClass({ variant: "quiet" })}
          >
            Ratings and past
          </Link>
        </p>
      </div>
      <div className="min-w-0 space-y-8">
        {description.summary && <p className="max-w-[68ch]">{description.summary}</p>}
        {description.skills.length > 0 && <SkillBars skills={description.skills} />}
        {description.limits && (
          <div>
            <h3 className="text-sm font-medium">Limits</h3>
            <p className="mt-2 max-w-[68ch] text-sm text-ink-soft">{description.limits}</p>
          </div>
        )}
        {examples.length > 0 && <Examples model={model} prompts={examples} />}
      </div>
    </article>
  );
}

function Examples({ model, prompts }: { model: ModelView; prompts: readonly string[] }) {
  return (
    <div>
      <h3 className="text-sm font-medium">Try it with</h3>
      <ul className="mt-2 grid gap-x-10 sm:grid-cols-2">
        {prompts.map((prompt) => (
          <li key={prompt} className="border-b border-line">
            {canChat(model) ? (
              <Link
                href={chatWith(model.name, prompt)}
                prefetch={false}
                className="group flex min-h-11 items-center justify-between gap-4 py-2 text-sm text-ink-soft hover:text-ink"
              >
                {prompt}
                <ArrowRight
                  size={16}
                  strokeWidth={1.5}
                  aria-hidden="true"
                  className="shrink-0 transition-transform duration-120 group-hover:translate-x-0.5"
                />
              </Link>
            ) : (
              <span className="flex min-h-11 items-center py-2 text-sm text-ink-soft">
                {prompt}
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Of a model that writes, what not every one does; of one that cannot be talked to, all that it gives. */
const REMARKABLE: readonly string[] = ["images", "tools", "reasoning"];

function toUses({ features }: ModelView): [string, string] {
  return features.includes("chat")
    ? ["Also", toFeatureWords(features.filter((it) => REMARKABLE.includes(it)))]
    : ["Gives", toFeatureWords(features)];
}

function toFacts(model: ModelView): [string, string][] {
  const { description, contextLength } = model;
  const facts: [string, string | undefined][] = [
    toUses(model),
    ["By", description.organization],
    ["Parameters", description.parameters && formatParameters(description.parameters)],
    ["Weights", description.weightForm],
    [
      "Answers",
      description.isBatchInvariant === false
        ? "may change a little with who else is being answered at the same moment"
        : undefined,
    ],
    ["Context", contextLength === null ? undefined : `${formatCount(contextLength)} tokens`],
    ["Licence", description.licence ? formatLicence(description.licence) : "not stated"],
  ].map(([term, fact]) => [String(term), fact || undefined]);
  return facts.flatMap(([term, fact]) => (fact ? [[term, fact] satisfies [string, string]] : []));
}
