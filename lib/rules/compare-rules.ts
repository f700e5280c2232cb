import type { ArenaChange } from "@/lib/protocol/arena-rules-view";
import type { ArenaSettings } from "@/lib/protocol/arena-settings";

type Leaves = Map<string, string>;

/** What differs between two sets of rules, a rule a row: `sampling.models.<name>.weight`, `pace.isFair`. */
export function compareRules(before: ArenaSettings, after: ArenaSettings): ArenaChange["changes"] {
  const [old, now] = [toLeaves(before), toLeaves(after)];
  const rules = [...new Set([...old.keys(), ...now.keys()])].sort();
  return rules
    .map((rule) => ({ rule, before: old.get(rule) ?? null, after: now.get(rule) ?? null }))
    .filter((it) => it.before !== it.after);
}

function toLeaves(settings: ArenaSettings): Leaves {
  const leaves: Leaves = new Map();
  collect(leaves, "", settings);
  return leaves;
}

function collect(leaves: Leaves, path: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== "object" || value === null) {
    leaves.set(path, JSON.stringify(value));
    return;
  }
  if (!Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) {
      collect(leaves, path === "" ? key : `${path}.${key}`, inner);
    }
    return;
  }
  const names = value.map(nameOf);
  if (value.length === 0 || names.includes(undefined)) {
    if (value.length > 0) leaves.set(path, JSON.stringify(value));
    return;
  }
  // Rows that have names are told by them, not by their place: one that is added moves no other.
  for (const [index, row] of value.entries()) collect(leaves, `${path}.${names[index]}`, row);
}

function nameOf(row: unknown): string | undefined {
  if (typeof row !== "object" || row === null) return undefined;
  const { model, name } = row as { model?: unknown; name?: unknown };
  const found = model ?? name;
  return typeof found === "string" ? found : undefined;
}
