export type PageLinksProps = { links: readonly (readonly [href: string, label: string])[] };

/** The way past a table of hundreds of rows, which on a phone is a scroll within the scroll. */
export function PageLinks({ links }: PageLinksProps) {
  if (links.length === 0) return null;
  return (
    <nav aria-label="Below the table" className="mb-2 text-sm text-ink-soft">
      <ul className="flex flex-wrap gap-x-5">
        {links.map(([href, label]) => (
          <li key={href}>
            <a
              href={href}
              className="inline-flex min-h-8 items-center underline decoration-line-strong underline-offset-4 hover:text-ink pointer-coarse:min-h-11"
            >
              {label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
