import type {
  ConversationMessage,
  ConversationView,
  PairVote,
  TurnAnswer,
} from "@/lib/protocol/conversation-view";
import { toTitle } from "./title";
import { withoutHtml } from "./without-html";

const OUTCOMES: Record<PairVote["outcome"], string> = {
  a: "A is better",
  b: "B is better",
  tie: "tie",
  "both-bad": "both bad",
};
const KINDS: Record<ConversationView["kind"], string> = {
  battle: "Battle",
  compare: "Comparison",
  chat: "Chat",
};

/**
 * A conversation as Markdown, in the order in which it was written. What people and models wrote keeps its
 * own Markdown, but for HTML, which stands there as text: whoever renders the file runs nothing of it.
 */
export function toMarkdown(view: ConversationView): string {
  const { kind, title, createdAt, models, settings, messages } = view;
  const prompts = messages.filter((it) => it.role === "user");
  const names = models === null ? [] : "model" in models ? [models.model] : [models.a, models.b];
  const facts = [
    `${KINDS[kind]}, ${createdAt.slice(0, 16).replace("T", " ")} UTC`,
    ...(names.length > 0 ? [names.map((it) => `\`${it}\``).join(" and ")] : []),
    ...(kind === "battle" && models === null ? ["models hidden until your vote"] : []),
  ];
  const blocks = [`# ${toLine(toTitle(title, prompts[0]?.content ?? ""))}`, facts.join(" · ")];
  if (settings.system) blocks.push("**System prompt**", quote(settings.system));
  for (const [index, message] of messages.entries()) {
    blocks.push(...toBlocks(view, message, messages.slice(0, index)));
  }
  return `${blocks.join("\n\n")}\n`;
}

function toBlocks(
  view: ConversationView,
  message: ConversationMessage,
  before: readonly ConversationMessage[],
): string[] {
  if (message.role === "user") {
    const number = before.filter(({ role }) => role === "user").length + 1;
    const isBranch = before.some((it) => it.role === "user" && it.parentId === message.parentId);
    const note = isBranch ? " (asked otherwise)" : "";
    return [`## Question ${number}${note}`, quote(message.content)];
  }
  const isAgain = before.some(
    (it) => it.role === "assistant" && it.parentId === message.parentId && it.side === message.side,
  );
  const vote = view.votes.find(({ answerBId }) => answerBId === message.id);
  return [
    `### ${toHeading(message)}${isAgain ? " (another one)" : ""}`,
    ...(message.reasoning === "" ? [] : ["**Thoughts**", quote(message.reasoning)]),
    ...(message.content === "" ? [] : [withoutHtml(message.content)]),
    ...toEnd(message),
    ...(vote ? [toVoteLine(vote)] : []),
  ];
}

function toHeading({ side, model }: TurnAnswer): string {
  const letter = side === null ? "Answer" : `Answer ${side.toUpperCase()}`;
  return model === null ? letter : `${letter} · \`${model}\``;
}

function toEnd({ status, content, error }: TurnAnswer): string[] {
  if (status === "failed") return [`*Failed: ${toLine(error?.message ?? "no answer came.")}*`];
  if (status === "stopped")
    return [content === "" ? "*Stopped before the first word*" : "*Stopped*"];
  return status === "streaming" ? ["*Still being written*"] : [];
}

function toVoteLine({ outcome, reasons }: PairVote): string {
  const why = reasons.length > 0 ? ` (${reasons.join(", ")})` : "";
  return `**Your vote:** ${OUTCOMES[outcome]}${why}`;
}

/** One line of plain text. */
function toLine(text: string): string {
  return escapeHtml(text.replace(/\s+/g, " ").trim());
}

/** What somebody typed, as they typed it. */
function quote(text: string): string {
  return text
    .split(/\r\n|[\r\n]/)
    .map((line) => (line === "" ? ">" : `> ${escapeHtml(line)}`))
    .join("\n");
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
