/**
 * Markdown whose HTML is text: whoever renders it runs nothing of it. Code keeps its signs, where every
 * renderer takes it for code: between fences at the margin, and in spans that begin and end on one line of a
 * paragraph in which no other backtick could pair with theirs. Elsewhere what opens a tag is escaped, which
 * in code that was not told for sure is seen as `&lt;`. Linear in the text's length.
 */
export function withoutHtml(markdown: string): string {
  const shown: string[] = [];
  let paragraph: string[] = [];
  const endParagraph = () => {
    shown.push(...escapeParagraph(paragraph));
    paragraph = [];
  };
  let open: string | undefined;
  // A fence in a list or a quotation opens and closes by rules of its own: after one nothing is trusted.
  let isTrusted = true;
  for (const line of markdown.split(/\r\n|[\r\n]/)) {
    const [, fence, info = ""] = FENCE.exec(line) ?? [];
    if (open !== undefined) {
      shown.push(line);
      if (fence?.startsWith(open) && info.trim() === "") open = undefined;
    } else if (isTrusted && fence !== undefined && !(fence[0] === "`" && info.includes("`"))) {
      endParagraph();
      shown.push(line);
      open = fence;
    } else {
      if (/`{3}|~{3}/.test(line)) isTrusted = false;
      if (line.trim() === "") endParagraph();
      paragraph.push(line);
    }
  }
  endParagraph();
  // What is cut off in the middle of its code ends there, and not at the end of the whole file.
  if (open !== undefined) shown.push(open);
  return shown.join("\n");
}

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;

function escapeParagraph(lines: readonly string[]): string[] {
  const spans = lines.map(findSpans);
  const isClear = spans.every((it) => it !== undefined);
  return lines.map((line, index) => escapeLine(line, isClear ? (spans[index] ?? []) : []));
}

type Span = readonly [start: number, end: number];

/** Spans of code on a line; undefined where a run of backticks finds no partner on it. */
function findSpans(line: string): Span[] | undefined {
  const runs = [...line.matchAll(/`+/g)].map(({ index, 0: run }) => [index, run.length] as const);
  const spans: Span[] = [];
  for (let at = 0; at < runs.length; at += 2) {
    const [start, length] = runs[at] ?? [0, 0];
    const [partner, partnerLength] = runs[at + 1] ?? [0, 0];
    // Only the plain case: each run pairs with the next one, and nothing is escaped.
    if (length !== partnerLength || line[start - 1] === "\\") return undefined;
    spans.push([start, partner + length]);
  }
  return spans;
}

function escapeLine(line: string, spans: readonly Span[]): string {
  let shown = "";
  let from = 0;
  for (const [start, end] of spans) {
    shown += escapeTags(line.slice(from, start));
    const code = line.slice(start, end);
    // The cells of a table end at a stroke, also within backticks.
    shown += code.includes("|") ? escapeTags(code) : code;
    from = end;
  }
  return shown + escapeTags(line.slice(from));
}

/** What opens a tag, a comment or a declaration; not `a < b`. And addresses that are programs. */
function escapeTags(text: string): string {
  return text
    .replace(/<(?=[A-Za-z/!?])/g, "&lt;")
    .replace(/(\]\(\s{0,8}|\]:\s{0,8})(?=(?:javascript|vbscript|data):)/gi, "$1unsafe:");
}
