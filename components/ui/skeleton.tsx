import clsx from "clsx";

/** Stands where text will stand; the label for readers belongs to the region around it. */
export function Skeleton({ className }: { className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={clsx("block animate-breathe rounded-sm bg-line/70", className)}
    />
  );
}
