import { countOf } from "@/components/format";
import type { SharedConversation } from "@/lib/protocol/share";

const SUMMARY_CHARACTERS = 180;

/** A published conversation in a few words: for heads of pages and for its picture. */
export function describeShare({ kind, title, models, turns }: SharedConversation) {
  const names = models.join(kind === "chat" ? ", " : " and ");
  const what =
    kind === "chat"
      ? `Chat with ${names}`
      : kind === "battle"
        ? `Blind battle of ${names}`
        : `${names} side by side`;
  const first = turns[0]?.answers.find(({ content }) => content !== "")?.content ?? "";
  const words = toPlain(first);
  const summary = `${what}. ${words}`.trim();
  return {
    title,
    facts: `${what} · ${countOf(turns.length, "turn")}`,
    words,
    summary: summary.length > SUMMARY_CHARACTERS ? `${summary.slice(0, 179)}…` : summary,
  };
}

/** The first words of Markdown, without its marks. */
function toPlain(markdown: string): string {
  return markdown
    .slice(0, 1_000)
    .replace(/```[^\n]*\n/g, "")
    .replace(/[`*_#>]|^\s*[-+]\s/gm, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}
