import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { joinKey } from "./setting-key";

/** A value as a variable would have it, and the place to correct it. */
export type Entry = { value: string; at: string };

/** Key → what stands there; and what is no setting at all, each with its place. */
export type ConfigFile = { entries: Map<string, Entry>; faults: string[] };

/** Objects within objects; settings have five words at most. */
const DEPTH_MAX = 6;

/**
 * Reads `parley.yaml` or `parley.json` (which is YAML too, and so has lines). Values are numbers, texts,
 * true, false and lists of texts; nothing and null mean "not set".
 */
export function readConfigFile(path: string): ConfigFile {
  const name = basename(path);
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(/* turbopackIgnore: true */ path, "utf8"), {
    lineCounter: lines,
    prettyErrors: false,
  });
  const entries: ConfigFile["entries"] = new Map();
  const at = (node: { range?: readonly number[] | null | undefined } | null | undefined) =>
    `${name}:${lines.linePos(node?.range?.[0] ?? 0).line}`;
  const faults = document.errors.map(
    (it) => `${name}:${lines.linePos(it.pos[0]).line}: ${it.message}`,
  );
  if (faults.length > 0) return { entries, faults };

  const take = (path: readonly string[], node: unknown, place: string) => {
    if (isMap(node) && path.length < DEPTH_MAX) {
      for (const { key, value } of node.items) {
        // Whatever stands before a colon is a node.
        take([...path, String(key)], value, at(key as Node));
      }
      return;
    }
    const value = toText(node);
    const key = joinKey(path);
    if (value === undefined)
      faults.push(`${place}: ${key} is neither a value nor a list of values`);
    else if (entries.has(key)) faults.push(`${place}: ${key} stands there twice; remove one`);
    else if (value !== "") entries.set(key, { value, at: place });
  };
  const root = document.contents;
  if (isMap(root)) take([], root, name);
  else if (root !== null) faults.push(`${name}:1: expected settings such as \`port: 3000\``);
  return { entries, faults };
}

function toText(node: unknown): string | undefined {
  if (node === null || node === undefined) return "";
  if (isScalar(node)) {
    const { value, source = "" } = node;
    if (value === null) return "";
    // A token of twenty digits is no number, whatever YAML makes of it; `0x10` is 16.
    return typeof value === "number" && /^\d+$/.test(source) ? source : String(value);
  }
  if (!isSeq(node)) return undefined;
  const parts = node.items.map(toText);
  return parts.includes(undefined) ? undefined : parts.join(",");
}
