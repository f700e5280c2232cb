import { type LiveLoadReport, liveLoadSchema } from "./registration";

/**
 * The worker's load beside an answer that is no stream of events, without the request it answers: a header,
 * since none of these answers is about it.
 */
export const LOAD_HEADER = "parley-load";

export function toLoadHeader(load: LiveLoadReport): string {
  return JSON.stringify(load);
}

/** Undefined where it is not told, or not in words that are understood: it is a hint, and the answer is good without it. */
export function readLoadHeader(header: string | string[] | undefined): LiveLoadReport | undefined {
  if (typeof header !== "string") return undefined;
  try {
    return liveLoadSchema.safeParse(JSON.parse(header)).data;
  } catch {
    return undefined;
  }
}
