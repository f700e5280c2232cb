import type { Root, RootContent } from "mdast";
import type { VFile } from "vfile";

/** Deeper than this a text nests by accident or by malice; what turns it into a page calls itself per level. */
const DEPTH_MAX = 32;

/** Shows what is nested deeper as the text that was written. */
export function limitDepth() {
  return (tree: Root, file: VFile) => {
    const source = String(file.value);
    const open: { node: Root | RootContent; depth: number }[] = [{ node: tree, depth: 0 }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { node, depth } = next;
      if (!("children" in node)) continue;
      if (depth < DEPTH_MAX) {
        for (const child of node.children) open.push({ node: child, depth: depth + 1 });
        continue;
      }
      const start = node.position?.start.offset ?? 0;
      const end = node.position?.end.offset ?? start;
      node.children = [{ type: "text", value: source.slice(start, end) }];
    }
  };
}
