/** The lower edge of what scrolls inside itself: rows fade out over it while others follow. */
export function MoreBelow() {
  return (
    <div
      aria-hidden="true"
      className="pointer-events-none sticky bottom-0 left-0 z-20 h-8 bg-linear-to-t from-paper to-transparent"
    />
  );
}
