/** How many days the page shows, today included. */
export const SPANS = [30, 90, 365] as const;
export type Span = (typeof SPANS)[number];

const DEFAULT: Span = 90;

/** What the address says; the usual one where it says anything else. */
export const readSpan = (days: unknown): Span => SPANS.find((it) => String(it) === days) ?? DEFAULT;

export const spanPath = (path: string, span: Span): string =>
  span === DEFAULT ? path : `${path}?days=${span}`;
