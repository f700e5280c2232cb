"use client";

import { memo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import remend from "remend";
import { CodeBlock } from "./code-block";
import { findFormulas } from "./find-formulas";
import { Formula, type FormulaProps } from "./formula";
import { limitDepth } from "./limit-depth";
import { splitMarkdown, toBlock } from "./markdown-blocks";
import { PlainOnError, PlainText } from "./plain-text";
import { rehypeFormulas } from "./rehype-formulas";

const PLUGINS = [remarkGfm, limitDepth];

const COMPONENTS: Components = {
  a: ({ href, children }) =>
    // Without one: an address that is still being written, or one of a kind that is not opened (javascript:).
    href ? (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    ) : (
      <span>{children}</span>
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
  // Only rehype-formulas.ts makes a span.
  span: ({ node }) => {
    const { dataTex, dataFormula } = node?.properties ?? {};
    if (typeof dataTex !== "string") return null;
    return <Formula tex={dataTex} kind={toFormulaKind(dataFormula)} />;
  },
};

function toFormulaKind(value: unknown): FormulaProps["kind"] {
  return value === "display" || value === "open" ? value : "inline";
}

type BlockProps = { text: string; isGrowing: boolean };

const Block = memo(function Block({ text, isGrowing }: BlockProps) {
  const block = toBlock(text);
  return (
    <div className="prose-block">
      <PlainOnError text={text}>
        {block.kind === "code" && <CodeBlock code={block.code} language={block.language} />}
        {block.kind === "plain" && <PlainText text={text} />}
        {block.kind === "markdown" && <Parsed text={text} isGrowing={isGrowing} />}
      </PlainOnError>
    </div>
  );
});

function Parsed({ text, isGrowing }: BlockProps) {
  const found = findFormulas(text, isGrowing);
  return (
    <ReactMarkdown
      remarkPlugins={PLUGINS}
      rehypePlugins={[rehypeFormulas(found.formulas)]}
      components={COMPONENTS}
    >
      {isGrowing ? remend(found.text, { katex: false }) : found.text}
    </ReactMarkdown>
  );
}

export type MarkdownProps = { text: string; isStreaming: boolean };

/** An answer's Markdown with formulas; raw HTML in it is shown as text. */
export function Markdown({ text, isStreaming }: MarkdownProps) {
  const blocks = splitMarkdown(text);
  return blocks.map((block, index) => {
    const isGrowing = isStreaming && index === blocks.length - 1;
    // biome-ignore lint/suspicious/noArrayIndexKey: blocks only ever grow at the end.
    return <Block key={index} text={block} isGrowing={isGrowing} />;
  });
}
