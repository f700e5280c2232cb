/** What proxies add to requests; many are set up to say who asked, or by what scheme, and no more. */
export const PROXY_TRACES = [
  ...["forwarded", "via", "x-real-ip", "x-forwarded-server", "cf-connecting-ip"],
] as const;

/** The same, and what Next itself writes where there are none; in development it stands before every route. */
export const NEXT_TRACES = [
  ...["x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto"],
] as const;
