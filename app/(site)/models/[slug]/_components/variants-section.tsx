import Link from "next/link";
import { dayLabel } from "@/components/board/board-labels";
import { formatCount } from "@/components/format";
import { PRIVATE_VOTES_STEP } from "@/lib/arena-limits";
import { paths } from "@/lib/paths";
import type { ModelPage } from "@/lib/protocol/board-view";
import { Section } from "./section";

type Variant = ModelPage["variants"][number];

/** Every model of the same organization that was in a battle: none is tried in secret and then forgotten. */
export function VariantsSection({ page: { facts, variants } }: { page: ModelPage }) {
  const { organization, model } = facts;
  if (organization === null || variants.length === 0) return null;
  const hidden = variants.filter((it) => it.model === null).length;
  return (
    <Section
      id="variants"
      title={`All of ${organization}`}
      lead={
        <>
          Every model that says it is of {organization} and was in a battle, private ones too. Those
          have no name here until they are made public, days in place of moments, and votes rounded
          down to {PRIVATE_VOTES_STEP}s: whoever fights now shall not know whom.
          {hidden > 0 && ` Private now: ${formatCount(hidden)}.`}
        </>
      }
    >
      <section
        aria-label={`Models of ${organization}, scrolls inside itself`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard.
        tabIndex={0}
        className="overflow-x-auto"
      >
        <table className="numeric w-full min-w-[520px] border-separate border-spacing-0 text-sm">
          <thead className="text-xs text-ink-soft">
            <tr>
              {["Model", "Registered", "First battle", "Now"].map((head) => (
                <th
                  key={head}
                  scope="col"
                  className="border-b border-line py-2 pr-4 text-left font-medium"
                >
                  {head}
                </th>
              ))}
              <th scope="col" className="border-b border-line py-2 text-right font-medium">
                Votes
              </th>
            </tr>
          </thead>
          <tbody>
            {variants.map((variant, index) => (
              <VariantRow
                // Two private ones of the same days look alike.
                key={variant.slug ?? `private ${variants.length - index}`}
                variant={variant}
                isThis={variant.model === model}
              />
            ))}
          </tbody>
        </table>
      </section>
    </Section>
  );
}

const toDayWords = (moment: string) => dayLabel(moment.slice(0, 10));

function VariantRow({ variant, isThis }: { variant: Variant; isThis: boolean }) {
  const { model, slug, registeredAt, firstBattleAt, votes } = variant;
  return (
    <tr>
      <th scope="row" className="border-b border-line py-2.5 pr-4 text-left font-medium">
        {slug === null ? (
          <span className="text-ink-soft italic">private variant</span>
        ) : isThis ? (
          <span className="font-mono [overflow-wrap:anywhere]">
            {model}
            <span className="ml-2 font-sans text-xs font-normal text-ink-soft">this one</span>
          </span>
        ) : (
          <Link
            href={paths.model(slug)}
            prefetch={false}
            className="font-mono [overflow-wrap:anywhere] underline-offset-4 hover:underline"
          >
            {model}
          </Link>
        )}
      </th>
      <td className="border-b border-line pr-4 whitespace-nowrap">{toDayWords(registeredAt)}</td>
      <td className="border-b border-line pr-4 whitespace-nowrap">{toDayWords(firstBattleAt)}</td>
      <td className="border-b border-line pr-4 whitespace-nowrap text-ink-soft">
        {toState(variant)}
      </td>
      <td className="border-b border-line text-right whitespace-nowrap">
        {slug === null && votes === 0 ? `< ${PRIVATE_VOTES_STEP}` : formatCount(votes)}
        {slug === null && votes > 0 && " +"}
      </td>
    </tr>
  );
}

function toState({ model, withdrawnAt, retiredAt, isAwake }: Variant): string {
  if (withdrawnAt !== null) return `withdrawn ${toDayWords(withdrawnAt)}`;
  if (retiredAt !== null) return `retired ${toDayWords(retiredAt)}`;
  if (isAwake === false) return "asleep";
  return model === null ? "in battles, unnamed" : "in battles";
}
