import type { ElementContent, Root } from "hast";
import { type Formula, MARK } from "./find-formulas";

type Parent = { children: (ElementContent | Root["children"][number])[] };

/**
 * Puts formulas back in the place of their marks: in text as an element that markdown.tsx draws, everywhere
 * else (code, addresses, raw HTML that is shown as text) as what was written.
 */
export function rehypeFormulas(formulas: readonly Formula[]) {
  const restore = (text: string) =>
    text.replace(MARK, (mark, index) => formulas[Number(index)]?.source ?? mark);

  const splitText = (text: string): ElementContent[] => {
    const parts: ElementContent[] = [];
    let kept = 0;
    for (const match of text.matchAll(MARK)) {
      const formula = formulas[Number(match[1])];
      if (!formula) continue;
      if (match.index > kept) parts.push({ type: "text", value: text.slice(kept, match.index) });
      parts.push(toElement(formula));
      kept = match.index + match[0].length;
    }
    if (kept < text.length) parts.push({ type: "text", value: text.slice(kept) });
    return parts;
  };

  return () => (tree: Root) => {
    if (formulas.length === 0) return;
    // A stack and not recursion: how deep a text nests is its writer's choice.
    const open: { node: Parent; isCode: boolean }[] = [{ node: tree, isCode: false }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { node, isCode } = next;
      node.children = node.children.flatMap((child): ElementContent[] => {
        if (child.type === "text") {
          return isCode ? [{ ...child, value: restore(child.value) }] : splitText(child.value);
        }
        if (child.type === "element") {
          for (const [name, value] of Object.entries(child.properties)) {
            if (typeof value === "string") child.properties[name] = restoreAddress(value, restore);
          }
          open.push({ node: child, isCode: isCode || child.tagName === "code" });
        } else if ("value" in child && child.type !== "comment") {
          return [{ type: "text", value: restore(child.value) }];
        }
        return child.type === "doctype" ? [] : [child];
      });
    }
  };
}

/** In an address the parser has percent-encoded the marks. */
function restoreAddress(value: string, restore: (text: string) => string): string {
  return restore(value.replaceAll("%EE%80%80", "\uE000").replaceAll("%EE%80%81", "\uE001"));
}

function toElement({ tex, isDisplay, isOpen }: Formula): ElementContent {
  const kind = isOpen ? "open" : isDisplay ? "display" : "inline";
  return {
    type: "element",
    tagName: "span",
    properties: { dataTex: tex, dataFormula: kind },
    children: [],
  };
}
