import clsx from "clsx";
import Link from "next/link";
import { paths } from "@/lib/paths";

export type ModelNameProps = {
  model: string;
  slug: string;
  /** A line under the name, cut where it is long. */
  organization?: string | null;
  isPreliminary?: boolean;
  isRetired?: boolean;
};

/** What a few lines of a cell hold. */
const NAME_CHARACTERS_MAX = 48;
const WIDTH = "w-max max-w-32 sm:max-w-60";

/** A model in a table: its name, who made it, and what is to be known of its place first of all. */
export function ModelName(props: ModelNameProps) {
  const { model, slug, organization, isPreliminary = false, isRetired = false } = props;
  const marks = [...(isPreliminary ? ["preliminary"] : []), ...(isRetired ? ["retired"] : [])];
  const shown = shortenMiddle(model);
  return (
    <>
      <Link
        href={paths.model(slug)}
        prefetch={false}
        title={shown === model ? undefined : model}
        className={clsx(
          WIDTH,
          "line-clamp-4 font-mono [overflow-wrap:anywhere] underline-offset-4 hover:underline",
        )}
      >
        {shown === model ? (
          <bdi>{model}</bdi>
        ) : (
          <>
            <bdi aria-hidden="true">{shown}</bdi>
            <span className="sr-only">{model}</span>
          </>
        )}
      </Link>
      {(marks.length > 0 || organization) && (
        <span
          className={clsx(
            WIDTH,
            "flex flex-wrap gap-x-1.5 font-sans text-xs font-normal text-ink-soft",
          )}
        >
          {marks.length > 0 && <span className="whitespace-nowrap">{marks.join(" · ")}</span>}
          {organization && (
            <span title={organization} className="max-w-full truncate">
              {marks.length > 0 && <span aria-hidden="true">· </span>}
              {organization}
            </span>
          )}
        </span>
      )}
    </>
  );
}

/** Both ends of a long name: the beginning is often the organization's, and the end tells two of its models apart. */
export function shortenMiddle(name: string): string {
  if (name.length <= NAME_CHARACTERS_MAX) return name;
  const half = NAME_CHARACTERS_MAX / 2;
  return `${name.slice(0, half - 1)}…${name.slice(-half)}`;
}
