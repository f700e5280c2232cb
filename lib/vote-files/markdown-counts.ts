import type { SideStyle } from "./vote-line";

/**
 * What FastChat's `add_markdown_info.py` counts of the answers of one side (fastchat 0.2.36): headers, list
 * items and bold pieces, with what stands between fences of code taken out. To be equal to it, this follows
 * that script where it is odd: it takes out of the text, wherever they stand, the pieces that it found between
 * three backticks and the next three, if no backtick is among them; a language's name goes with them.
 */
export function countMarkdown(answers: readonly string[]): Omit<SideStyle, "tokens"> {
  const text = withoutCode(answers.join("\n"));
  let headers = 0;
  let lists = 0;
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    // Its patterns want a blank behind the mark, and the end of a line is one.
    const ended = index < lines.length - 1 ? `${line}\n` : line;
    if (HEADER.test(ended)) headers += 1;
    if (ITEM.test(ended)) lists += 1;
  }
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  // One by one: a piece of one kind may begin within one of the other.
  const bold = count(/\*\*[^*\n]+\*\*/g) + count(/__[^_\n]+__/g);
  return { headers, lists, bold };
}

/** What Python's `\s` is; JavaScript's has U+FEFF and lacks the separators of information. */
const BLANK =
  "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const HEADER = new RegExp(`^#{1,6}${BLANK}`);
const ITEM = new RegExp(`^${BLANK}*(?:\\p{Nd}+\\.|[-*+])${BLANK}`, "u");

function withoutCode(text: string): string {
  let plain = text;
  for (const [, piece = ""] of text.matchAll(/```([^`]*)```/g)) {
    if (piece !== "") plain = plain.replaceAll(piece, () => "");
  }
  return plain;
}
