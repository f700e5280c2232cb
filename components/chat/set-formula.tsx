"use client";

import "katex/dist/katex.min.css";
import { useLayoutEffect, useRef, useState } from "react";
import { toFormulaNodes } from "./formula-nodes";

export type SetFormulaProps = { tex: string; isDisplay: boolean };

export function SetFormula({ tex, isDisplay }: SetFormulaProps) {
  const place = useRef<HTMLSpanElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useLayoutEffect(() => {
    // Nodes and not HTML: nothing that a model wrote is ever parsed as markup.
    const nodes = toFormulaNodes(tex, isDisplay);
    setProblem(nodes === undefined ? tex : null);
    place.current?.replaceChildren(...(nodes ? [nodes] : []));
  }, [tex, isDisplay]);
  if (problem === tex) {
    return (
      <code className="formula-source" title="This formula could not be set.">
        {tex}
      </code>
    );
  }
  if (!isDisplay) return <span ref={place} className="formula" />;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields.
    <span
      ref={place}
      role="group"
      aria-label="Formula"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways has to be reachable by keyboard.
      tabIndex={0}
      className="formula formula-display"
    />
  );
}
