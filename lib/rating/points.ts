/** Rating points of a tenfold in odds: Elo's convention, scale 400 and base 10. */
export const SCALE = 400;
/** Mean of the ratings where no model is fixed. */
export const CENTRE = 1000;
/** Points of one unit of natural log-odds. */
export const POINTS = SCALE / Math.LN10;
/** The 97.5 % quantile of the normal distribution: two-sided 95 % intervals. */
export const NORMAL_975 = 1.959963984540054;
