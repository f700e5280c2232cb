export type Views = typeof import("@/lib/protocol/arena-view");

/**
 * The shapes of every reply, with the library that checks them: 32 kB that no first paint needs, so they
 * travel beside the first request instead of before the page can be used.
 */
export function loadViews(): Promise<Views> {
  return import("@/lib/protocol/arena-view");
}
