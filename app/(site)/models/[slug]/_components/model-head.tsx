import Link from "next/link";
import { canChat } from "@/components/can-chat";
import { toFeatureWords } from "@/components/feature-words";
import {
  formatCount,
  formatLicence,
  formatParameters,
  formatPrice,
  formatRate,
  formatSeconds,
  THIN_SPACE,
} from "@/components/format";
import { RATING_WORDS } from "@/components/rating-words";
import { toReachWords } from "@/components/reach-words";
import { buttonClass } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { paths } from "@/lib/paths";
import { boardKeyText, OVERALL } from "@/lib/protocol/board-key";
import type { ModelPage } from "@/lib/protocol/board-view";

/** Who it is, where it stands, and what can be done with it. */
export function ModelHead({ page }: { page: ModelPage }) {
  const { facts, description, isWithdrawn } = page;
  const { model, organization, isAwake, isRetired } = facts;
  const canAsk = canChat({ awake: isAwake, features: page.features, isDirect: page.isDirect });
  return (
    <header className="pb-10">
      <p className="text-sm text-ink-soft">
        <Link
          href={paths.models}
          prefetch={false}
          className="underline-offset-4 hover:text-ink hover:underline"
        >
          Models
        </Link>
      </p>
      <div className="mt-2 flex flex-wrap items-start justify-between gap-x-12 gap-y-6">
        <div className="min-w-0">
          <h1 className="font-mono text-xl font-medium tracking-tight wrap-anywhere">{model}</h1>
          <p className="mt-2 flex flex-wrap items-center gap-x-2 text-sm text-ink-soft">
            <span
              aria-hidden="true"
              className={`size-2 rounded-full ${isAwake ? "bg-accent" : "border border-line-strong"}`}
            />
            {isAwake ? "Awake" : "Asleep: no worker brings it"}
            {organization && <span>by {organization}</span>}
          </p>
        </div>
        {canAsk && <Actions model={model} />}
      </div>
      {(isRetired || isWithdrawn) && (
        <div className="mt-6">
          <Notice>
            {isWithdrawn
              ? "Withdrawn: it is off the boards, and votes on it do not count. What became of it stands below."
              : "Retired: it is drawn for no battle any more. It keeps its votes and its place on the boards."}
          </Notice>
        </div>
      )}
      <Reach page={page} />
      {description.summary && <p className="mt-6 max-w-[68ch]">{description.summary}</p>}
      {description.link !== undefined && (
        <p className="mt-4 text-sm">
          <a
            href={description.link}
            rel="noreferrer noopener nofollow"
            target="_blank"
            className="text-accent underline underline-offset-4"
          >
            Where its makers tell of it
          </a>
        </p>
      )}
      <Standing page={page} />
      <Facts page={page} />
    </header>
  );
}

function Actions({ model }: { model: string }) {
  return (
    <p className="flex flex-wrap gap-2">
      <Link
        href={`${paths.chat}?${new URLSearchParams({ model })}`}
        prefetch={false}
        className={buttonClass({ variant: "primary" })}
      >
        Chat with it
      </Link>
      <Link
        href={`${paths.compare}?${new URLSearchParams({ a: model })}`}
        prefetch={false}
        className={buttonClass()}
      >
        Compare it
      </Link>
    </p>
  );
}

const OVERALL_TEXT = boardKeyText(OVERALL);

/** The three numbers that people come for. */
function Standing({ page: { facts, places } }: { page: ModelPage }) {
  const overall = places.find(({ key }) => key === OVERALL_TEXT);
  const numbers: [string, string][] = [];
  if (overall?.rating != null && overall.rank !== null) {
    numbers.push(["score", formatCount(overall.rating)]);
    numbers.push([`rank of ${formatCount(overall.models)}`, formatCount(overall.rank)]);
  } else {
    numbers.push(["score", overall ? RATING_WORDS[overall.status] : "No vote yet"]);
  }
  if (overall) numbers.push([overall.votes === 1 ? "vote" : "votes", formatCount(overall.votes)]);
  if (facts.firstTokenMs !== null) {
    numbers.push(["to the first token, median", formatSeconds(facts.firstTokenMs)]);
  }
  if (facts.tokensPerSecond !== null) {
    numbers.push(["tokens a second, median", formatRate(facts.tokensPerSecond)]);
  }
  return (
    <dl className="mt-8 flex flex-wrap gap-x-12 gap-y-6">
      {numbers.map(([term, value]) => (
        <div key={term} className="flex flex-col-reverse justify-end gap-1">
          <dt className="text-sm text-ink-soft">{term}</dt>
          <dd className="numeric font-display text-xl tracking-tight">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Where it is not to be had, which nothing else on the page says. */
function Reach({ page: { isDirect, isApi } }: { page: ModelPage }) {
  const said = toReachWords({ isDirect, isApi });
  return said === null ? null : <p className="mt-4 text-sm text-ink-soft">{said}</p>;
}

function Facts({ page: { facts, description, features } }: { page: ModelPage }) {
  const { licence, hasOpenWeights, contextLength, price } = facts;
  const { parameters, weightForm, isBatchInvariant } = description;
  const weights =
    hasOpenWeights === null
      ? weightForm
      : `${hasOpenWeights ? "open" : "closed"}${weightForm ? `, ${weightForm}` : ""}`;
  const rows: [string, string | null | undefined][] = [
    ["Licence", licence ? formatLicence(licence) : "not stated"],
    ["Weights", weights],
    ["Parameters", parameters && formatParameters(parameters)],
    ["Context", contextLength && `${formatCount(contextLength)}${THIN_SPACE}tokens`],
    ["Can be asked for", toFeatureWords(features)],
    [
      "Price",
      // Where nobody said what it costs, nobody is told that it is free.
      price && formatPrice({ prompt: price.inputPerMillion, completion: price.outputPerMillion }),
    ],
    [
      "Answers",
      isBatchInvariant === false
        ? "may change a little with who else is being answered at the same moment"
        : undefined,
    ],
  ].map(([term, fact]) => [String(term), fact ? String(fact) : undefined]);
  return (
    <dl className="mt-8 grid gap-x-12 gap-y-2 text-sm sm:grid-cols-2 lg:grid-cols-3">
      {rows.flatMap(([term, fact]) =>
        fact
          ? [
              <div key={term} className="flex justify-between gap-4 border-b border-line py-1.5">
                <dt className="text-ink-soft">{term}</dt>
                <dd className="numeric text-right">{fact}</dd>
              </div>,
            ]
          : [],
      )}
    </dl>
  );
}
