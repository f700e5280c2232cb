import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CHAT_HISTORY_ENTRIES_MAX, CHAT_HISTORY_ENTRY_CHARACTERS_MAX } from "@/lib/terminal-limits";

/** The prompts that arrow keys bring back, the oldest first; over all chats where they have a file. */
export class PromptHistory {
  readonly #path: string | undefined;
  readonly #entries: string[];

  /** @param path Absent: forgotten with the process. */
  constructor(path: string | undefined) {
    this.#path = path;
    this.#entries = path === undefined ? [] : readEntries(path);
  }

  get entries(): readonly string[] {
    return this.#entries;
  }

  /** @throws Error of the file system; the prompt is kept for this chat all the same. */
  add(prompt: string): void {
    if (prompt.trim() === "" || prompt.length > CHAT_HISTORY_ENTRY_CHARACTERS_MAX) return;
    if (this.#entries.at(-1) === prompt) return;
    this.#entries.push(prompt);
    trim(this.#entries);
    if (this.#path !== undefined) this.#save(this.#path, prompt);
  }

  /** Another chat may have written since: its prompts stay. */
  #save(path: string, prompt: string): void {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const lines = trim([...readEntries(path), prompt]).map((it) => JSON.stringify(it));
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, `${lines.join("\n")}\n`, { mode: 0o600 });
    renameSync(draft, path);
  }
}

/** Where state of a person belongs (XDG Base Directory Specification). */
export function defaultHistoryPath(home: string, stateHome: string | undefined): string {
  // Relative ones are to be ignored, says the specification.
  const base = stateHome?.startsWith("/") ? stateHome : join(home, ".local/state");
  return join(base, "parley/chat-history");
}

function trim(entries: string[]): string[] {
  entries.splice(0, Math.max(0, entries.length - CHAT_HISTORY_ENTRIES_MAX));
  return entries;
}

/** A line for each, as JSON; a line that is none was not written by us, and is nothing to bring back. */
function readEntries(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // There is none yet; one that cannot be read is told of when it cannot be written.
    return [];
  }
  return trim(text.split("\n").flatMap(toEntry));
}

function toEntry(line: string): string[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "string" ? [value] : [];
  } catch {
    return [];
  }
}
