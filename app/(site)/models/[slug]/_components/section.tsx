import type { ReactNode } from "react";

export type SectionProps = { id: string; title: string; lead?: ReactNode; children: ReactNode };

/** Its title at the side, where there is room for one. */
export function Section({ id, title, lead, children }: SectionProps) {
  return (
    <section
      aria-labelledby={id}
      className="grid gap-x-16 gap-y-6 border-t border-line py-10 lg:grid-cols-[240px_minmax(0,1fr)]"
    >
      <div>
        <h2 id={id} className="font-display text-xl tracking-tight">
          {title}
        </h2>
        {lead && <p className="mt-3 max-w-[60ch] text-sm text-ink-soft">{lead}</p>}
      </div>
      <div className="min-w-0">{children}</div>
    </section>
  );
}
