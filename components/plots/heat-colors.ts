/**
 * Colours of heat maps, as mixes of tokens: from clay through paper to blue, which all kinds of colour vision
 * tell apart, and from paper to ink where there is no middle. Cells that print a number stop before ink on
 * them falls under 4.5 : 1 in either scheme; cells too small for one use the whole way.
 */

/** On each side of the middle. */
const STEPS = 10;
/** Blue at 62 % on paper: 5.8 : 1 under ink in the light scheme, 4.8 : 1 in the dark one. */
const DIVERGING_UNDER_INK = 0.62;
/** Ink at 44 % on paper: 5.0 : 1 in the light scheme, 4.8 : 1 in the dark one. */
const SEQUENTIAL_UNDER_INK = 0.44;

/** -10 … 10 of a share between 0 and 1; 0 is one half. */
export function divergingStep(share: number): number {
  return Math.round((Math.min(1, Math.max(0, share)) - 0.5) * 2 * STEPS);
}

/** 0 … 10 of a count; by the square root, so that few and fewer stay apart beside many. */
export function sequentialStep(count: number, most: number): number {
  if (count <= 0 || most <= 0) return 0;
  // What is there at all is never drawn as nothing.
  return Math.max(1, Math.round(Math.sqrt(count / most) * STEPS));
}

export function divergingColor(step: number, hasNumbers: boolean): string {
  if (step === 0) return "var(--color-paper)";
  const share = (Math.abs(step) / STEPS) * (hasNumbers ? DIVERGING_UNDER_INK : 1);
  return mix(step > 0 ? "var(--color-a)" : "var(--color-b)", share);
}

export function sequentialColor(step: number, hasNumbers: boolean): string {
  return mix("var(--color-ink)", (step / STEPS) * (hasNumbers ? SEQUENTIAL_UNDER_INK : 0.9));
}

/** In OKLab: between two hues OKLCH would wander through others. */
function mix(color: string, share: number): string {
  return `color-mix(in oklab, ${color} ${(share * 100).toFixed(1)}%, var(--color-paper))`;
}
