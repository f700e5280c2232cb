import { OUTCOMES, type Outcome } from "./conversation";

/** What was typed: a prompt, or one of the commands. */
export type Typed =
  | { type: "prompt"; text: string }
  | { type: "exit" }
  | { type: "reset" }
  | { type: "remove" }
  | { type: "regen" }
  | { type: "help" }
  | { type: "save"; file: string | undefined }
  | { type: "load"; file: string | undefined }
  | { type: "model"; name: string | undefined }
  | { type: "system"; text: string | undefined }
  /** `models` empty: back to one. */
  | { type: "compare"; models: readonly string[]; prompt: string | undefined }
  | { type: "vote"; outcome: Outcome | undefined }
  | { type: "unknown"; word: string };

export const HELP_ROWS: readonly (readonly [string, string])[] = [
  ["/model [name]", "which model answers; without a name, which there are"],
  ["/system [text]", "what the model is told first; `/system none` takes it away"],
  ["/compare <a> <b> [prompt]", "two models side by side; `/compare off` ends it"],
  ["/vote a|b|tie|bothbad", "which of the two answers was better"],
  ["/regen", "answer the last prompt anew"],
  ["/remove", "take back the last prompt and its answer"],
  ["/reset", "begin a new conversation"],
  ["/save <file>, /load <file>", "keep the conversation; FastChat reads and writes the same files"],
  ["/exit", "leave; so do Ctrl-D and Ctrl-C twice"],
];

/**
 * Reads what a person typed. FastChat's words (`!!regen`) mean the same as ours (`/regen`). A prompt that
 * begins with a slash is typed with a space before it.
 */
export function readTyped(line: string): Typed {
  const found = /^(?:\/|!!)([a-z?]+)(?:\s+([\s\S]*))?$/.exec(line.trimEnd());
  if (!found || line.startsWith("//")) return { type: "prompt", text: line };
  const [, word = "", rest] = found;
  const said = rest?.trim() || undefined;
  switch (word) {
    case "exit":
    case "quit":
      return { type: "exit" };
    case "reset":
    case "remove":
    case "regen":
      return { type: word };
    case "help":
    case "?":
      return { type: "help" };
    case "save":
    case "load":
      return { type: word, file: said };
    case "model":
    case "models":
      return { type: "model", name: said };
    case "system":
      return { type: "system", text: said };
    case "compare":
      return readCompare(said);
    case "vote":
      return { type: "vote", outcome: toOutcome(said) };
    default:
      return { type: "unknown", word: line.slice(0, line.startsWith("!!") ? 2 : 1) + word };
  }
}

/** FastChat's commands alone, as its loop reads them: what a program sends is otherwise a prompt. */
export function readFastChatTyped(line: string): Typed {
  if (line === "" || line === "!!exit") return { type: "exit" };
  if (line === "!!reset") return { type: "reset" };
  if (line === "!!remove") return { type: "remove" };
  if (line === "!!regen") return { type: "regen" };
  for (const type of ["save", "load"] as const) {
    if (!line.startsWith(`!!${type}`)) continue;
    const at = line.indexOf(" ");
    return { type, file: at === -1 ? undefined : line.slice(at + 1) };
  }
  return { type: "prompt", text: line };
}

function readCompare(said: string | undefined): Typed {
  if (said === undefined || said === "off")
    return { type: "compare", models: [], prompt: undefined };
  const [, a = "", b, prompt] = /^(\S+)(?:\s+(\S+))?(?:\s+([\s\S]+))?$/.exec(said) ?? [];
  return { type: "compare", models: b === undefined ? [a] : [a, b], prompt };
}

const SPELLINGS: Record<string, Outcome> = {
  ...{ bothbad: "both-bad", "both-bad": "both-bad", bad: "both-bad", left: "a", right: "b" },
};

function toOutcome(said: string | undefined): Outcome | undefined {
  const word = said?.toLowerCase();
  return OUTCOMES.find((it) => it === word) ?? SPELLINGS[word ?? ""];
}
