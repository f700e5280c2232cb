import clsx from "clsx";
import type { ReactNode } from "react";

/** The cells of every table for keepers. */
export const CELL = "border-b border-line py-3 pr-4 align-top";
export const NUMBER = "text-right whitespace-nowrap";

export type AdminTableProps = {
  /** What it lists, for readers: "Workers". */
  label: string;
  heads: readonly { label: string; isNumber?: boolean }[];
  /** `<tr>` elements, of cells with the classes above. */
  children: ReactNode;
};

/** A wide table that scrolls inside itself on a small screen. */
export function AdminTable({ label, heads, children }: AdminTableProps) {
  return (
    <section
      aria-label={`${label}, scrolls sideways on a small screen`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways has to be reachable by keyboard.
      tabIndex={0}
      className="scrolls-sideways -mx-4 overflow-x-auto px-4 sm:mx-0 sm:px-0"
    >
      <table className="numeric w-full min-w-[960px] border-separate border-spacing-0 text-sm">
        <thead>
          <tr className="text-xs text-ink-soft">
            {heads.map((head) => (
              <th
                key={head.label}
                scope="col"
                className={clsx(CELL, "font-medium", head.isNumber ? NUMBER : "text-left")}
              >
                {head.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
