"use client";

import { memo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import remend from "remend";
import { CodeBlock } from "./code-block";
import { splitMarkdown } from "./markdown-blocks";

const PLUGINS = [remarkGfm];

const COMPONENTS: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  // A picture from a stranger's server would tell that server who reads; the reader decides.
  img: ({ src, alt }) =>
    typeof src === "string" && src !== "" ? (
      <a href={src} target="_blank" rel="noopener noreferrer nofollow">
        Picture: {alt || src}
      </a>
    ) : (
      <span>Picture: {alt}</span>
    ),
  table: ({ children }) => (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways has to be reachable by keyboard.
    <div role="group" tabIndex={0} aria-label="Table" className="overflow-x-auto">
      <table>{children}</table>
    </div>
  ),
  pre: ({ node }) => {
    const code = node?.children[0];
    if (code?.type !== "element") return null;
    const text = code.children.map((it) => (it.type === "text" ? it.value : "")).join("");
    const names = code.properties.className;
    const name = Array.isArray(names) ? String(names[0] ?? "") : "";
    return <CodeBlock code={text.replace(/\n$/, "")} language={name.replace(/^language-/, "")} />;
  },
};

const Block = memo(function Block({ text }: { text: string }) {
  return (
    <div className="prose-block">
      <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
        {text}
      </ReactMarkdown>
    </div>
  );
});

export type MarkdownProps = { text: string; isStreaming: boolean };

/** An answer's Markdown; raw HTML in it is shown as text. */
export function Markdown({ text, isStreaming }: MarkdownProps) {
  const blocks = splitMarkdown(text);
  return blocks.map((block, index) => {
    const isLast = index === blocks.length - 1;
    // biome-ignore lint/suspicious/noArrayIndexKey: blocks only ever grow at the end.
    return <Block key={index} text={isLast && isStreaming ? remend(block) : block} />;
  });
}
