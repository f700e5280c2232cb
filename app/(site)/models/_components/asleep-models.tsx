import Link from "next/link";
import { countOf, formatLicence } from "@/components/format";
import { paths } from "@/lib/paths";
import type { ModelList } from "@/lib/protocol/arena-view";
import { toModelSlug } from "@/lib/protocol/model-slug";

/** Models that no worker brings, a line each: what there is to know of them are votes and past, on their own pages. */
export function AsleepModels({ models }: ModelList) {
  return (
    <section aria-labelledby="asleep" className="border-t border-line py-12">
      <h2 id="asleep" className="font-display text-xl">
        Asleep
      </h2>
      <p className="mt-2 mb-4 max-w-[68ch] text-sm text-ink-soft">
        No worker brings{" "}
        {models.length === 1 ? "this one" : `these ${countOf(models.length, "model")}`} now. What
        people said of them stays on their pages.
      </p>
      <ul className="grid gap-x-12 sm:grid-cols-2 lg:grid-cols-3">
        {models.map(({ name, isRetired, description: { organization, licence } }) => (
          <li key={name} className="min-w-0 border-b border-line">
            <Link
              href={paths.model(toModelSlug(name))}
              prefetch={false}
              className="group block min-h-11 py-2 text-sm"
            >
              <bdi className="block font-mono [overflow-wrap:anywhere] underline-offset-4 group-hover:underline">
                {name}
              </bdi>
              <span className="block truncate text-xs text-ink-soft">
                {[isRetired && "retired", organization, licence && formatLicence(licence)]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
