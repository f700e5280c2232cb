export type MarkProps = { className?: string };

/** Two arcs that face each other and meet at one point. */
export function Mark({ className }: MarkProps) {
  return (
    <svg
      viewBox="0 0 24 24"
      className={className}
      fill="none"
      stroke="currentColor"
      strokeWidth="2.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d="M9.25 2.75C1.5 7.25 1.75 16 12 21.25C22.25 16 22.5 7.25 14.75 2.75" />
    </svg>
  );
}
