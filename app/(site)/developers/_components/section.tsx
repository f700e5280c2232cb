import type { ReactNode } from "react";

export type SectionProps = { id: string; title: string; children: ReactNode };

export function Section({ id, title, children }: SectionProps) {
  return (
    <section aria-labelledby={id} className="border-t border-line py-10">
      <h2 id={id} className="font-display text-xl tracking-tight">
        {title}
      </h2>
      {children}
    </section>
  );
}

/** Running text of a section, at a length of line that reads well. */
export function Prose({ children }: { children: ReactNode }) {
  return <p className="mt-3 max-w-[68ch] text-ink-soft">{children}</p>;
}

/** What a program says, in a sentence. */
export function Term({ children }: { children: ReactNode }) {
  return <code className="font-mono text-sm wrap-anywhere text-ink">{children}</code>;
}

/** A sentence in which backticks mark what a program says. */
export function Sentence({ children }: { children: string }) {
  return (
    children
      .split("`")
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a constant have no identity but their place.
      .map((part, index) => (index % 2 === 1 ? <Term key={index}>{part}</Term> : part))
  );
}
