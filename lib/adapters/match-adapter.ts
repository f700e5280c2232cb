import { type Adapter, holds, templateFor } from "./adapter";
import { ADAPTERS } from "./adapters";

export type AdapterMatch = { adapter: Adapter; template: string };

/** What FastChat takes for a model that no adapter knows: two turns of an example, then the conversation. */
export const FASTCHAT_DEFAULT = "one_shot";

/**
 * What FastChat's `get_model_adapter` finds for a model's path: the last part of it is looked at first, all
 * of it after that. Undefined: none of its families, for which FastChat takes `one_shot`.
 */
export function matchAdapter(path: string): AdapterMatch | undefined {
  const last = baseName(path);
  for (const text of [last, path]) {
    const adapter = ADAPTERS.find((it) => holds(it.match, text));
    const template = adapter && templateFor(adapter, path);
    if (adapter && template !== undefined) return { adapter, template };
  }
  return undefined;
}

/** The last part of a path, whichever way its slashes lean. */
export function baseName(path: string): string {
  return path.replace(/[/\\]+$/, "").replace(/^.*[/\\]/s, "");
}

/** The last part of a folder's path, or the id of a model in a hub's cache (`models--org--name/snapshots/…`). */
export function toModelName(folder: string): string {
  const cached = /(?:^|[/\\])models--([^/\\]+)(?:[/\\]snapshots[/\\][^/\\]+)?[/\\]?$/.exec(
    folder,
  )?.[1];
  return cached?.replace("--", "/") ?? baseName(folder);
}
