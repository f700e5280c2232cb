import type { ReactNode } from "react";
import { SiteLinks } from "@/components/site-links";
import { Examples } from "../../_pair/examples";

export type CompareStartProps = {
  bar: ReactNode;
  remarks: readonly string[];
  /** What became of a question that was not taken, in the place of the examples. */
  notice: ReactNode;
  composer: ReactNode;
  examples: readonly string[];
  onExample: (prompt: string) => void;
};

/** The empty page: two pickers, one field. */
export function CompareStart(props: CompareStartProps) {
  const { bar, remarks, notice, composer, examples, onExample } = props;
  return (
    <div className="mx-auto flex w-full max-w-[720px] flex-1 flex-col">
      <div className="flex flex-1 flex-col justify-center pt-8 pb-12">
        <h1 className="text-center font-display text-xl tracking-tight text-balance sm:text-2xl">
          Two models, by name.
          <span className="block text-ink-soft">One question, side by side.</span>
        </h1>
        <div className="mt-8">{bar}</div>
        <div role="status" className="mt-2 text-sm text-ink-soft">
          {remarks.map((it) => (
            <p key={it}>{it}</p>
          ))}
        </div>
        <div className="mt-3">{composer}</div>
        <div className="mt-5 min-h-28 sm:min-h-16">
          {notice ?? <Examples prompts={examples} onExample={onExample} />}
        </div>
      </div>
      <SiteLinks />
    </div>
  );
}
