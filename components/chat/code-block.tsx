"use client";

import { WrapText } from "lucide-react";
import { memo, useState } from "react";
import { formatCount } from "../format";
import { Button } from "../ui/button";
import { CopyButton } from "./copy-button";
import type { CodeToken } from "./highlight";
import { useColouredLines } from "./use-coloured-lines";

/** A longer listing is shown up to here until its reader wants all of it. */
const SHOWN_CHARACTERS_MAX = 100_000;

export type CodeBlockProps = { code: string; language: string };

export function CodeBlock({ code, language }: CodeBlockProps) {
  const [isWrapped, setIsWrapped] = useState(false);
  const [isWhole, setIsWhole] = useState(false);
  const shown = isWhole ? code : code.slice(0, SHOWN_CHARACTERS_MAX);
  const { source, groups, tail } = useColouredLines(shown, language);
  return (
    <div className="code overflow-hidden rounded-md border border-line bg-sunken">
      <div className="flex items-center justify-between pt-1 pr-1 pl-4">
        <span className="min-w-0 truncate font-mono text-xs text-ink-soft">
          {language || "text"}
        </span>
        <span className="flex shrink-0">
          <Button
            variant="quiet"
            size="small"
            aria-pressed={isWrapped}
            className="aria-pressed:text-accent"
            onClick={() => setIsWrapped(!isWrapped)}
          >
            <WrapText size={16} strokeWidth={1.5} aria-hidden="true" />
            Wrap<span className="sr-only"> long lines of the code</span>
          </Button>
          <CopyButton text={code} label="Copy the code" />
        </span>
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
        <pre
          className={`px-4 pb-3 font-mono text-sm ${isWrapped ? "wrap-anywhere whitespace-pre-wrap" : "w-max"}`}
        >
          <code>
            {groups.map((lines, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: groups have no identity but their place.
              <ColouredLines key={index} lines={lines} />
            ))}
            <ColouredLine tokens={tail} />
            {shown.slice(source.length)}
          </code>
        </pre>
      </div>
      {shown.length < code.length && (
        <Button variant="quiet" size="small" className="m-1" onClick={() => setIsWhole(true)}>
          Show all {formatCount(code.length)} characters
        </Button>
      )}
    </div>
  );
}

const ColouredLines = memo(function ColouredLines({
  lines,
}: {
  lines: readonly (readonly CodeToken[])[];
}) {
  return lines.map((tokens, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity but their place.
    <span key={row}>
      <ColouredLine tokens={tokens} />
      {"\n"}
    </span>
  ));
});

function ColouredLine({ tokens }: { tokens: readonly CodeToken[] }) {
  return tokens.map((token, column) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: tokens have no identity but their place.
    <span key={column} style={{ color: token.color }}>
      {token.content}
    </span>
  ));
}
