/** Every field of a form for keepers. */
export const FIELD =
  "mt-2 block h-11 w-full rounded-md border border-line-strong bg-surface px-3 text-sm font-normal";
