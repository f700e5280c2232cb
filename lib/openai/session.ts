import * as z from "zod";

const name = z.string().nullish();

/** What a request may say of the conversation that it belongs to, and of whoever talks in it. The answer is the same whatever they say. */
export const SESSION_FIELDS = { prompt_cache_key: name, safety_identifier: name, user: name };

type Named = { [Name in keyof typeof SESSION_FIELDS]?: string | null | undefined };

/**
 * By what later requests of the conversation are known, for models whose conversations stay with one worker.
 * OpenAI's `prompt_cache_key` is made for that; whoever sends none may still say who talks.
 */
export function toSession({ prompt_cache_key: key, user, safety_identifier: id }: Named) {
  return key || user || id || undefined;
}
