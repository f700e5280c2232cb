import { type Adapter, always } from "./adapter";
import { EARLY_ADAPTERS } from "./early-adapters";
import { LATE_ADAPTERS } from "./late-adapters";

/** In FastChat's order: the first that matches decides. */
export const ADAPTERS: readonly Adapter[] = [...EARLY_ADAPTERS, ...LATE_ADAPTERS];

/** Families that FastChat has no prompt for and one of its templates fits; asked before its own. */
export const OWN_ADAPTERS: readonly Adapter[] = [
  {
    name: "llama-3.x",
    match: { pattern: /llama-3\.[123](?!\d)/i },
    templates: always("llama-3"),
    ...{ isCommon: true, says: /^instruct$/, types: /^llama$/ },
  },
];
