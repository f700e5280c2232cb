import type { ConversationView, PairVote, TurnAnswer } from "@/lib/protocol/conversation-view";
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
  const votes = new Map(view.votes.map((vote) => [vote.answerBId, vote]));
  /** What was followed by a prompt, and what was answered: the next one is another branch. */
  const seen = new Set<string>();
  let number = 0;
  for (const message of messages) {
    const place = `${message.role} ${message.parentId} ${message.role === "user" ? "" : message.side}`;
    const isAgain = seen.has(place);
    seen.add(place);
    if (message.role === "user") {
      number += 1;
      const note = isAgain ? " (asked otherwise)" : "";
      blocks.push(`## Question ${number}${note}`, quote(message.content));
    } else blocks.push(...toAnswerBlocks(message, { isAgain, vote: votes.get(message.id) }));
  }
  return `${blocks.join("\n\n")}\n`;
}

function toAnswerBlocks(
  answer: TurnAnswer,
  { isAgain, vote }: { isAgain: boolean; vote: PairVote | undefined },
): string[] {
  return [
    `### ${toHeading(answer)}${isAgain ? " (another one)" : ""}`,
    ...(answer.reasoning === "" ? [] : ["**Thoughts**", quote(answer.reasoning)]),
    ...(answer.content === "" ? [] : [withoutHtml(answer.content)]),
    ...toEnd(answer),
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
