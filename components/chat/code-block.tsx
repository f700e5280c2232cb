"use client";

import { useEffect, useState } from "react";
import { CopyButton } from "./copy-button";
import { type CodeToken, highlight } from "./highlight";

export type CodeBlockProps = { code: string; language: string };

export function CodeBlock({ code, language }: CodeBlockProps) {
  const [coloured, setColoured] = useState<{ code: string; lines: CodeToken[][] } | null>(null);
  useEffect(() => {
    let isCurrent = true;
    highlight(code, language).then(
      (lines) => isCurrent && lines && setColoured({ code, lines }),
      () => undefined, // The plain text below is complete without its colours.
    );
    return () => {
      isCurrent = false;
    };
  }, [code, language]);

  // While code streams in, the colours of what was there stay and the new rest is plain.
  const isPrefix = coloured !== null && code.startsWith(coloured.code);
  return (
    <div className="code overflow-hidden rounded-md border border-line bg-sunken">
      <div className="flex items-center justify-between pt-1 pr-1 pl-4">
        <span className="font-mono text-xs text-ink-soft">{language || "text"}</span>
        <CopyButton text={code} label="Copy the code" />
      </div>
      {/* A group and not a landmark: an answer may hold many. */}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields. */}
      <div
        role="group"
        aria-label="Code"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways has to be reachable by keyboard.
        tabIndex={0}
        className="overflow-x-auto -outline-offset-2"
      >
        <pre className="w-max px-4 pb-3 font-mono text-sm">
          <code>
            {isPrefix ? <ColouredLines lines={coloured.lines} /> : code}
            {isPrefix && code.slice(coloured.code.length)}
          </code>
        </pre>
      </div>
    </div>
  );
}

function ColouredLines({ lines }: { lines: CodeToken[][] }) {
  return lines.map((line, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place.
    <span key={row}>
      {line.map((token, column) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: as above.
        <span key={column} style={{ color: token.color }}>
          {token.content}
        </span>
      ))}
      {row < lines.length - 1 && "\n"}
    </span>
  ));
}
