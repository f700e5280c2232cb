/**
 * Splits Markdown into blocks that can be rendered alone. While an answer streams only its last block
 * changes, so only that one is parsed again; a fence, a table or a list is never cut.
 */
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const LIST_ITEM = /^ {0,3}([-*+]|\d{1,9}[.)])\s/;

export function splitMarkdown(text: string): string[] {
  const blocks: string[] = [];
  let block: string[] = [];
  let fence: string | undefined;
  let isList = false;
  const close = () => {
    if (block.some((line) => line.trim() !== "")) blocks.push(block.join("\n"));
    block = [];
    isList = false;
  };
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    const mark = FENCE.exec(line)?.[1];
    if (fence !== undefined) {
      block.push(line);
      const isClosing = mark?.startsWith(fence) && line.trim() === mark;
      if (isClosing) {
        fence = undefined;
        if (!isList) close();
      }
      continue;
    }
    if (block.length === 0) isList = LIST_ITEM.test(line);
    if (mark !== undefined) {
      if (!isList) close();
      fence = mark;
    }
    if (line.trim() === "" && !(isList && listGoesOn(lines, index))) close();
    else block.push(line);
  }
  close();
  return blocks;
}

/** A loose list has blank lines inside; it ends where the next text is neither an item nor indented. */
function listGoesOn(lines: readonly string[], blankIndex: number): boolean {
  const next = lines.slice(blankIndex + 1).find((line) => line.trim() !== "");
  return next !== undefined && (LIST_ITEM.test(next) || /^(\s{2,}|\t)/.test(next));
}
