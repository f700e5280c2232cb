const LOOK =
  "mt-2 block w-full rounded-md border border-line-strong bg-surface px-3 text-sm font-normal";

/** Every field of a form for keepers. */
export const FIELD = `${LOOK} h-11`;
/** Of several lines. */
export const TEXT_FIELD = `${LOOK} py-2`;
