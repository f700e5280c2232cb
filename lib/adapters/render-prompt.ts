import { type Conversation, type Turn, toSystemPrompt } from "./conversation";
import { stripSpace } from "./python-space";
import type { SeparatorStyle } from "./separator-style";

/**
 * A conversation as the prompt that its template makes of it: one function a style, each to the byte what
 * FastChat's `get_prompt` gives, its oddities with it, since models were trained on those. A turn without
 * text is open: what stands of it is what the model goes on from.
 */
export function renderPrompt(conversation: Conversation): string {
  return RENDERERS[conversation.style]({
    ...conversation,
    system: toSystemPrompt(conversation),
    separators: [conversation.separator, conversation.separator2],
  });
}

type Parts = Conversation & {
  /** The system part, filled. */
  system: string;
  separators: [user: string, assistant: string];
};

type Line = (turn: Turn, index: number) => string;

const lines = (turns: readonly Turn[], line: Line) => turns.map(line).join("");

/** The separator of a place: turns alternate, whoever speaks. */
const separatorAt = ({ separators }: Parts, index: number) =>
  index % 2 === 0 ? separators[0] : separators[1];

/** `before` stands between role and text; `open` after the role of an open turn. */
function spoken(before: string, open: string, after: (index: number) => string): Line {
  return ({ role, text }, index) =>
    text === "" ? role + open : role + before + text + after(index);
}

const RENDERERS: Record<SeparatorStyle, (parts: Parts) => string> = {
  "add-colon-single": ({ system, separator, turns }) =>
    system +
    separator +
    lines(
      turns,
      spoken(": ", ":", () => separator),
    ),

  "add-colon-two": (parts) =>
    parts.system +
    parts.separator +
    lines(
      parts.turns,
      spoken(": ", ":", (index) => separatorAt(parts, index)),
    ),

  "add-colon-space-single": ({ system, separator, turns }) =>
    system +
    separator +
    lines(
      turns,
      spoken(": ", ": ", () => separator),
    ),

  "no-colon-single": ({ system, separator, turns }) =>
    system +
    lines(
      turns,
      spoken("", "", () => separator),
    ),

  "no-colon-two": (parts) =>
    parts.system +
    lines(
      parts.turns,
      spoken("", "", (index) => separatorAt(parts, index)),
    ),

  "add-new-line-single": ({ system, separator, turns }) =>
    withEnd(system, separator) +
    lines(
      turns,
      spoken("\n", "\n", () => separator),
    ),

  llama2: (parts) => {
    const { system, systemMessage, turns, roles } = parts;
    const start = systemMessage === "" ? "[INST] " : system;
    return (
      start +
      lines(turns, ({ text }, index) => {
        const tag = roles[index % 2 === 0 ? 0 : 1];
        if (text === "") return tag;
        return index === 0 ? `${text} ` : `${tag} ${text}${separatorAt(parts, index)}`;
      })
    );
  },

  llama3: ({ system, systemMessage, turns }) =>
    `<|begin_of_text|>${systemMessage === "" ? "" : system}` +
    lines(turns, ({ role, text }) => {
      const head = `<|start_header_id|>${role}<|end_header_id|>\n\n`;
      return text === "" ? head : `${head}${stripSpace(text)}<|eot_id|>`;
    }),

  chatglm: ({ name, system, separator, turns }) => {
    const first = name === "chatglm2" ? 1 : 0;
    return (
      withEnd(system, separator) +
      lines(turns, ({ role, text }, index) => {
        const round = index % 2 === 0 ? `[Round ${index / 2 + first}]${separator}` : "";
        return `${round}${role}：${text === "" ? "" : text + separator}`;
      })
    );
  },

  chatml: ({ system, separator, turns }) =>
    withEnd(system, `${separator}\n`) +
    lines(
      turns,
      spoken("\n", "\n", () => `${separator}\n`),
    ),

  chatglm3: ({ system, systemMessage, turns }) =>
    (systemMessage === "" ? "" : system) +
    lines(
      turns,
      spoken("\n", "", () => ""),
    ),

  chatintern: (parts) =>
    parts.system +
    lines(parts.turns, (turn, index) => {
      const line = spoken(":", ":", (at) => `${separatorAt(parts, at)}\n`);
      return (index % 2 === 0 ? "<s>" : "") + line(turn, index);
    }),

  dolly: (parts) =>
    parts.system +
    lines(
      parts.turns,
      spoken(":\n", ":\n", (index) => separatorAt(parts, index) + (index % 2 === 1 ? "\n\n" : "")),
    ),

  rwkv: ({ system, turns }) =>
    system +
    lines(turns, ({ role, text }) =>
      text === ""
        ? `${role}:`
        : `${role}: ${text.replaceAll("\r\n", "\n").replaceAll("\n\n", "\n")}\n\n`,
    ),

  phoenix: ({ system, turns }) =>
    system +
    lines(
      turns,
      spoken(": <s>", ": <s>", () => "</s>"),
    ),

  robin: ({ system, separator, turns }) =>
    system +
    separator +
    lines(
      turns,
      spoken(":\n", ":\n", () => separator),
    ),

  "falcon-chat": ({ system, systemMessage, separator, turns }) =>
    (systemMessage === "" ? "" : system + separator) +
    lines(
      turns,
      spoken(": ", ":", () => separator),
    ),

  "deepseek-chat": (parts) =>
    parts.system +
    lines(
      parts.turns,
      spoken(": ", ":", (index) => separatorAt(parts, index)),
    ),

  // The second separator leads into what the assistant says.
  metamath: ({ system, separator, separator2, turns }) =>
    withEnd(system, separator) +
    lines(turns, ({ role, text }, index) => {
      const lead = index % 2 === 0 ? ":\n" : `: ${separator2}`;
      const end = index % 2 === 0 && text !== "" ? separator : "";
      return role + lead + text + end;
    }),

  // Without roles. Python's `rstrip("<n>")` takes these three characters off the end, whosever they are.
  yuan2: ({ system, systemMessage, separator, separator2, turns }) => {
    const start = systemMessage === "" ? "" : system + separator2;
    const all = start + lines(turns, ({ text }) => (text === "" ? "" : `${text}<n>`));
    let end = all.length;
    while (end > 0 && "<n>".includes(all.charAt(end - 1))) end -= 1;
    return all.slice(0, end) + separator;
  },

  gemma: ({ separator, turns }) =>
    `<bos>${lines(turns, ({ role, text }) => {
      const head = `<start_of_turn>${role}\n`;
      return text === "" ? head : head + text + separator;
    })}`,

  // The question and its answer, whatever was said before.
  cllm: (parts) => RENDERERS["add-colon-two"]({ ...parts, turns: parts.turns.slice(-2) }),

  default: ({ system, turns }) =>
    `${system}\n${lines(
      turns,
      spoken(": ", ":", () => "\n"),
    )}`,
};

function withEnd(system: string, end: string): string {
  return system === "" ? "" : system + end;
}
