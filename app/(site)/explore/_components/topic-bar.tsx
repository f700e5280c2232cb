/** Told by numbers beside it. */
export function TopicBar({ length, className }: { length: number; className: string }) {
  return (
    <span aria-hidden="true" className={`block rounded-full bg-sunken ${className}`}>
      <span
        className="block h-full min-w-1 rounded-full bg-line-strong"
        style={{ width: `${Math.max(0.5, 100 * length)}%` }}
      />
    </span>
  );
}
