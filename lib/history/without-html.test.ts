/** Goal: exported Markdown runs nothing where it is rendered, and code in it stays readable. Method: pure, and a renderer that lets raw HTML through. */

import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import ReactMarkdown from "react-markdown";
import { expect, test } from "vitest";
import { withoutHtml } from "./without-html";

const SCRIPT = "<script>alert(1)</script>";

/** Where the renderer sees HTML it is left out or shown escaped; we look at the tree that it parsed. */
function rawHtml(markdown: string): string[] {
  const found: string[] = [];
  const collect = () => (tree: unknown) => {
    const walk = (node: { type?: string; value?: string; children?: unknown[] }) => {
      if (node.type === "html") found.push(node.value ?? "");
      for (const child of node.children ?? []) walk(child as typeof node);
    };
    walk(tree as Parameters<typeof walk>[0]);
  };
  renderToStaticMarkup(createElement(ReactMarkdown, { remarkPlugins: [collect] }, markdown));
  return found;
}

test("code keeps its signs", () => {
  for (const text of [
    "Use `<div>` and ``<b>`` for it; 1 < 2.",
    `\`\`\`html\n${SCRIPT}\n\`\`\`\nand`,
    `~~~\n${SCRIPT}\n~~~`,
  ]) {
    expect(withoutHtml(text)).toBe(text);
  }
  expect(withoutHtml("```html\n<b>")).toBe("```html\n<b>\n```");
});

test.each([
  SCRIPT,
  `a\n${SCRIPT}`,
  "<img src=x onerror=alert(1)>",
  "<!-- x --><?php ?><![CDATA[x]]>",
  `- \`\`\`\n  x\n  \`\`\`\n${SCRIPT}`,
  `> \`\`\`\n${SCRIPT}\n\`\`\``,
  `a \` b\nc \` ${SCRIPT} \` d`,
  `- a \` b\n- ${SCRIPT} \` c`,
  `\\\` ${SCRIPT} \``,
  `\`\` a \` ${SCRIPT} \``,
  `\`\`\`a\`b\n${SCRIPT}\n\`\`\``,
  `    \`\`\`\n${SCRIPT}`,
  `\`\`\`\`\n\`\`\`\n\`\`\`\`\n${SCRIPT}`,
  `\r\`\`\`\r${SCRIPT}\r\`\`\`\r${SCRIPT}`,
  `1. a\n\n   \`\`\`\n   x\n   \`\`\`\n\n${SCRIPT}`,
])("no HTML is left in %j", (text) => {
  expect(rawHtml(withoutHtml(text))).toEqual([]);
});

test("random pieces of Markdown leave none either", () => {
  const seed = 20_261_121;
  const pieces = [
    "`",
    "``",
    "```",
    "~~~",
    "\n",
    "\n\n",
    "- ",
    "> ",
    "  ",
    "    ",
    "\\",
    SCRIPT,
    "x",
    "|",
    "1. ",
    "#",
  ];
  let state = seed;
  const next = (count: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * count);
  };
  for (let round = 0; round < 400; round++) {
    const text = Array.from({ length: 3 + next(14) }, () => pieces[next(pieces.length)]).join("");
    expect(rawHtml(withoutHtml(text)), `seed ${seed}: ${JSON.stringify(text)}`).toEqual([]);
  }
});

test("addresses that are programs are none any more", () => {
  expect(withoutHtml("[x]( JavaScript:alert(1))")).toBe("[x]( unsafe:JavaScript:alert(1))");
  expect(withoutHtml("[x](https://a.b/c)")).toBe("[x](https://a.b/c)");
});
